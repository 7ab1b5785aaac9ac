# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root file system to switch to: systemd, udev, native drivers, a getty, and the verdict.

Nothing in it may fail by itself: that no unit failed is asserted of a boot without us too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import cache
import kernels
import packed
import roots
from disks import ROOT_UUID
from packed import Packed

GUEST = Path(__file__).resolve().parent / "guest"
PACKAGES = ("systemd", "systemd-sysv", "udev", "kmod", "dbus", "e2fsprogs")
APPEND = (f"root=UUID={ROOT_UUID}", "rootfstype=ext4", "rw", "systemd.show_status=0")
# Without autofs an automount of systemd's own fails. The others are for what is on the board:
# who has them at last is not to depend on what an image has brought along. The last one is in
# no image unless a rule names it.
MODULES = ("autofs4", "lpc_ich", "i2c_i801", "pci_stub")
SIZE_MIB = 512
PROMPT = "vfio-test login: "

DISK = """
set -e
disk=/run/vfio-early/disk
mkdir "$disk"
mount -t tmpfs -o mode=0755 tmpfs "$disk"
cp -a /run/vfio-early/root/. "$disk"
rm -rf "$disk"/usr/share/doc "$disk"/usr/share/man "$disk"/usr/share/locale "$disk"/var/cache \\
    "$disk"/var/lib/apt "$disk"/boot/*
to=$disk/usr/lib/modules/$VERSION
mkdir -p "$to"
cd "/usr/lib/modules/$VERSION"
cp modules.builtin modules.builtin.modinfo modules.order "$to"
{
    modprobe -a -S "$VERSION" -q -D -i $NAMES || :
    modprobe -a -S "$VERSION" -q -D $NAMES || :
} | sed -n 's/^insmod .*modules\\/[^/]*\\/\\([^ ]*\\).*/\\1/p' | sort -u |
    xargs cp --parents -t "$to"
depmod -b "$disk" "$VERSION"
tar -x -f - -C "$disk" --no-same-owner --keep-directory-symlink
mke2fs -q -t ext4 -U "$UUID" -d "$disk" /run/vfio-early/out/disk "${SIZE}M"
"""

TARGET = """[Unit]
Description=Everything up to the login prompt
Requires=multi-user.target
After=multi-user.target
Wants=vfio-test.service
AllowIsolate=yes
"""
SERVICE = """[Unit]
Description=Tell the tests what became of each PCI function
DefaultDependencies=no
After=multi-user.target

[Service]
ExecStart=/usr/lib/vfio-test/at-login
StandardOutput=null
StandardError=null
"""


def files() -> list[Packed]:
    """Return what an administrator and the tests put into the root file system."""
    units = "etc/systemd/system"
    return [packed.regular("etc/fstab", f"UUID={ROOT_UUID} / ext4 rw 0 0\n".encode()),
            packed.regular("etc/hostname", b"vfio-test\n"),
            packed.regular("etc/machine-id", b"0123456789abcdef0123456789abcdef\n", 0o444),
            packed.regular(f"{units}/vfio-test.target", TARGET.encode()),
            packed.regular(f"{units}/vfio-test.service", SERVICE.encode()),
            packed.link(f"{units}/default.target", "vfio-test.target"),
            # Read from /dev/kmsg, dmesg -r of util-linux 2.38 loses the facility.
            packed.regular("usr/lib/vfio-test/dmesg",
                           b'#!/bin/sh\nexec /usr/bin/dmesg -S "$@"\n', 0o755),
            packed.copied("usr/lib/vfio-test/verdict", GUEST / "verdict", 0o755),
            packed.copied("usr/lib/vfio-test/at-login", GUEST / "at-login", 0o755)]


def disk(suite: str, kernel: kernels.Kernel, binds: Sequence[roots.Bind],
         modules: Sequence[str]) -> Path:
    """Return a disk with the system of a suite and these modules of a kernel."""
    root = roots.root(suite, base=PACKAGES)
    inside = files()
    given = {"VERSION": kernel.version, "NAMES": " ".join([*modules, *MODULES]), "UUID": ROOT_UUID,
             "SIZE": str(SIZE_MIB)}
    key = cache.key_of("whole", DISK, root.key, given,
                       [(name, kind, mode, data.hex()) for name, kind, mode, data in inside])

    def build(folder: Path) -> None:
        made = root.run(["sh", "-c", DISK], env=given, stdin=packed.tar(inside),
                        binds=[*binds, (root.path, "/run/vfio-early/root"),
                               (folder, "/run/vfio-early/out")])
        if made.returncode:
            tail = made.stdout.decode(errors="replace")[-2000:]
            raise roots.RootError(f"the disk of {suite} could not be made:\n{tail}")
        cache.say(f"disk {key[:8]}: {suite}, {kernel.version}")

    return cache.entry("disks", key, build) / "disk"
