# SPDX-License-Identifier: LGPL-2.1-or-later
"""What images.py needs to have a Debian suite's real dracut make an image."""

from pathlib import Path
from typing import Iterator, Sequence

import roots

SYSTEMD, PLAIN = "dracut", "dracut-no-systemd"
HOSTONLY = 'hostonly="yes"\n'
GENERATORS = (SYSTEMD, PLAIN)
MODULES = "usr/lib/dracut/modules.d"
TREE = Path(__file__).resolve().parent.parent.parent
INSTALLED = {f"{MODULES}/50vfio-early/module-setup.sh": "dracut/50vfio-early/module-setup.sh",
             f"{MODULES}/50vfio-early/vfio-early.sh": "dracut/50vfio-early/vfio-early.sh"}

# A root that never comes keeps dracut in its main loop, where the verdict is. Nothing else
# may write on the console.
APPEND = ("root=/dev/vfio-test", "rd.shell=0", "systemd.show_status=0", "udev.log_level=3")

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
if [ "$GENERATOR" = dracut-no-systemd ]; then
    systemd=$(ls /usr/lib/dracut/modules.d | sed -n '/systemd/s/^[0-9]*//p' | tr '\\n' ' ')
fi
dracut --force --kver "$VERSION" --omit "$OMIT $systemd" /run/vfio-early/initrd
cp /run/vfio-early/initrd /run/vfio-early/out/initrd
"""


def root(suite: str) -> roots.Root:
    """Return the root of a suite that has dracut instead of initramfs-tools."""
    return roots.root(suite, base=roots.DRACUT_PACKAGES)


def environment(generator: str) -> dict[str, str]:
    """Return what BUILD wants to know."""
    return {"GENERATOR": generator, "OMIT": OMIT}


def adapter() -> Iterator[tuple[str, int, bytes]]:
    """Yield the files of the adapter as a package installs them: path, mode, contents."""
    for path, source in INSTALLED.items():
        mode = 0o755 if path.endswith("module-setup.sh") else 0o644
        yield path, mode, (TREE / source).read_bytes()


def wants_sysfs(conf: str) -> bool:
    """Whether dracut is to look at the machine it runs on."""
    return HOSTONLY in conf


def settings(test_modules: Sequence[str], more: str) -> dict[str, bytes]:
    """Return a dracut.conf.d file that makes an image small and quick to build."""
    text = ('hostonly="no"\nhostonly_cmdline="no"\nearly_microcode="no"\ndo_strip="no"\n'
            'compress="zstd -q -1"\n'
            f'drivers+=" {" ".join(test_modules)} "\n{more}')
    return {"etc/dracut.conf.d/90-tests.conf": text.encode()}
