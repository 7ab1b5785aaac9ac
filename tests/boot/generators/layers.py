# SPDX-License-Identifier: LGPL-2.1-or-later
"""initramfs-tools with the tools that make layered disks, for needs_cells.py."""

from __future__ import annotations

import packed
import roots
from generators.base import guest
from generators.initramfs_tools import BUILD, InitramfsTools
from images import ImageSpec
from packed import Packed

TOOLS = ("cryptsetup", "lvm", "mdadm", "mkfs.btrfs", "btrfs", "mkfs.ext4", "mkswap", "swapon",
         "losetup", "make-bcache", "sfdisk", "blkid", "mount", "umount", "mountpoint", "ip",
         "truncate")
MODULES = ("btrfs", "dm_mod", "dm_crypt", "raid1", "loop", "usb_storage", "uas", "vfat",
           "nls_ascii", "nls_cp437", "xts", "aesni_intel", "algif_skcipher", "evdev",
           "overlay", "bcache")
HOOK = f"""#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
for tool in {' '.join(TOOLS)}; do
    copy_exec "$(readlink -f "$(command -v $tool)")" "/usr/layers/$tool"
done
copy_exec "$(ls /lib/x86_64-linux-gnu/libgcc_s.so.1)"
manual_add_modules {' '.join(MODULES)}
cp /etc/vfio-layers "$DESTDIR/vfio-layers"
cp /etc/vfio-layers-second "$DESTDIR/vfio-layers-second"
chmod 755 "$DESTDIR/vfio-layers"
"""


class Layers(InitramfsTools):
    """The disks are made and mounted by guest/layers, which rdinit= starts."""

    def settings(self, spec: ImageSpec) -> list[Packed]:
        return [*super().settings(spec),
                packed.regular("etc/initramfs-tools/hooks/layers", HOOK.encode(), 0o755),
                packed.copied("etc/vfio-layers", guest("layers")),
                packed.copied("etc/vfio-layers-second", guest("layers-second"))]


ALL = (Layers("layers", BUILD, packages=(
    *roots.PACKAGES, "bcache-tools", "btrfs-progs", "cryptsetup-bin", "e2fsprogs", "fdisk",
    "iproute2", "lvm2", "mdadm", "mount")),)
