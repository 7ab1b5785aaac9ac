# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian suite's dracut, with systemd in its images and without."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

import packed
import roots
from generators.base import Generator, guest
from images import TREE, ImageError, ImageSpec
from packed import Packed

MODULES = "usr/lib/dracut/modules.d"
OURS, TESTS = "50vfio-early", "99vfio-test"

# Nothing else may write on the console.
APPEND = ("rd.shell=0", "systemd.show_status=0", "udev.log_level=3")
# A root that never comes keeps dracut in its main loop, where the verdict is.
WAITING = ("root=/dev/vfio-test",)
HOSTONLY = 'hostonly="yes"\n'

# What dracut finds to include besides what these tests are about; absent names do no harm.
OMIT = ("crypt dm lvm mdraid multipath dmraid nvdimm network network-legacy network-manager "
        "systemd-networkd ifcfg url-lib iscsi nfs nbd fcoe cifs btrfs drm plymouth qemu "
        "qemu-net i18n resume lunmask usrmount virtiofs kernel-modules-extra "
        "kernel-network-modules ssh-client memstrack squash tpm2-tss bluetooth pcsc "
        "systemd-resolved systemd-timesyncd systemd-cryptsetup systemd-veritysetup "
        "systemd-integritysetup systemd-pcrphase systemd-coredump systemd-hostnamed "
        "systemd-portabled systemd-pstore systemd-repart hwdb")

# dracut is not told by any variable which modules there are: the names are found here.
BUILD = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
systemd=
if [ "$SYSTEMD" = no ]; then
    systemd=$(ls /usr/lib/dracut/modules.d | sed -n '/systemd/s/^[0-9]*//p' | tr '\\n' ' ')
fi
dracut --force --kver "$VERSION" --omit "$OMIT $systemd" /run/vfio-early/initrd
cp /run/vfio-early/initrd /run/vfio-early/out/initrd
"""


class Dracut(Generator):
    """spec.conf is for dracut.conf."""

    def version(self, suite: str) -> str:
        root = self.root(suite)
        return (f"dracut {root.package_version('dracut-core')}, "
                f"systemd {root.package_version('systemd')}")

    def environment(self, spec: ImageSpec) -> dict[str, str]:
        return {"SYSTEMD": "no" if self.name == PLAIN else "yes", "OMIT": OMIT}

    def adapter(self) -> Mapping[str, Path]:
        source = TREE / "dracut" / OURS
        return {f"{MODULES}/{OURS}/{path.name}": path for path in sorted(source.iterdir())}

    def verdict(self, spec: ImageSpec) -> list[Packed]:
        if spec.scripts:
            raise ImageError(f"{self.name} has no place for {' '.join(spec.scripts)}")
        if spec.whole:
            return []
        return [packed.copied(f"{MODULES}/{TESTS}/{name}", guest(source), 0o755)
                for name, source in (("verdict", "verdict"),
                                     ("module-setup.sh", f"{TESTS}/module-setup.sh"),
                                     ("settled.sh", f"{TESTS}/settled.sh"))]

    def force(self, modules: Sequence[str]) -> Mapping[str, object]:
        words = f'force_drivers+=" {" ".join(modules)} "\n'
        return {"files": {"/etc/dracut.conf.d/95-forced.conf": words.encode()}}

    def settings(self, spec: ImageSpec) -> list[Packed]:
        # With any word in drivers=, nothing is looked for: neither in hostonly images.
        names = f'drivers+=" {" ".join(spec.test_modules)} "\n' if spec.test_modules else ""
        written = ('hostonly="no"\nhostonly_cmdline="no"\nearly_microcode="no"\n'
                   f'do_strip="no"\ncompress="zstd -q -1"\n{names}{spec.conf}')
        return [packed.regular("etc/dracut.conf.d/90-tests.conf", written.encode())]


SYSTEMD, PLAIN = "dracut", "dracut-no-systemd"
ALL = tuple(Dracut(name, BUILD, packages=roots.DRACUT_PACKAGES, append=APPEND, waiting=WAITING,
                   warning="dracut.*: vfio-early: ") for name in (SYSTEMD, PLAIN))
