# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian suite's initramfs-tools."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Mapping, Sequence

import packed
from generators.base import Generator, guest
from images import TREE, ImageSpec
from packed import Packed

SHARE = "usr/share/initramfs-tools"
SCRIPT = "scripts/init-top/00-vfio-early"
ORDER = "scripts/init-top/ORDER"
ADAPTER = ("hooks/vfio-early", SCRIPT)
SCRIPTS = "etc/initramfs-tools/scripts"

BUILD = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
rm -f "/boot/initrd.img-$VERSION"
if [ -x /run/vfio-early/depmod ]; then
    ln -sf /run/vfio-early/depmod /usr/sbin/depmod
fi
if command -v update-initramfs >/dev/null; then
    update-initramfs -c -k "$VERSION"
else
    mkinitramfs -o "/boot/initrd.img-$VERSION" "$VERSION"
fi
cp "/boot/initrd.img-$VERSION" /run/vfio-early/out/initrd
"""


class InitramfsTools(Generator):
    """spec.conf is for initramfs.conf, spec.scripts go to init-top."""

    def version(self, suite: str) -> str:
        return f"initramfs-tools {self.root(suite).package_version('initramfs-tools-core')}"

    def adapter(self) -> Mapping[str, Path]:
        return {f"{SHARE}/{name}": TREE / "initramfs-tools" / name for name in ADAPTER}

    def verdict(self, spec: ImageSpec) -> list[Packed]:
        told = {} if spec.whole else {"init-premount/zz-verdict": spec.verdict}
        return [packed.copied(f"{SCRIPTS}/{path}", guest(name), 0o755)
                for path, name in {**told, **{f"init-top/{name}": name
                                              for name in spec.scripts}}.items()]

    def settings(self, spec: ImageSpec) -> list[Packed]:
        written = f"MODULES={spec.modules}\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n{spec.conf}"
        hook = ("#!/bin/sh\n[ \"$1\" != prereqs ] || exit 0\n"
                ". /usr/share/initramfs-tools/hook-functions\n"
                f"manual_add_modules {shlex.join(spec.test_modules)}\n"
                "rm -f \"$DESTDIR/usr/lib/udev/hwdb.bin\"\n")
        return [packed.regular("etc/initramfs-tools/conf.d/tests", written.encode()),
                packed.regular("etc/initramfs-tools/hooks/tests", hook.encode(), 0o755)]

    def force(self, modules: Sequence[str]) -> Mapping[str, object]:
        names = "".join(f"{name}\n" for name in modules)
        return {"files": {"/etc/initramfs-tools/modules": names.encode()}}

    def wrong_order(self, contents: Mapping[str, bytes]) -> list[str]:
        order = contents.get(ORDER, b"").decode()
        ours, theirs = order.find(SCRIPT), order.find("scripts/init-top/udev")
        if SCRIPT in contents and (ours < 0 or theirs < 0 or ours > theirs):
            return ["our script does not run before udev's"]
        return []


ALL = (InitramfsTools("initramfs-tools", BUILD),)
