# SPDX-License-Identifier: LGPL-2.1-or-later
"""mkinitcpio, and a stand-in for it, with busybox images and with systemd images.

The userland is Debian's, as in all boot tests: of mkinitcpio only its own files are taken,
from where VFIO_EARLY_MKINITCPIO or PATH finds the program.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence

import packed
import roots
from generators.base import Generator, guest
from images import TREE, ImageError, ImageSpec
from packed import Packed

STANDIN = TREE / "tests/boot/mkinitcpio_standin"
PACKAGES = (*roots.PACKAGES, "libarchive-tools", "systemd")
LIBRARY = "usr/lib/initcpio"
KINDS = ("install", "hooks")
# The hook that makes an image the one or the other.
BUSYBOX, SYSTEMD = "udev", "systemd"

# On a slow machine systemd gives the root up before the verdict is told, and writes into it.
WAITING = ("rd.systemd.mask=emergency.service",)

# mkinitcpio wants a busybox beside its hooks, all programs in /usr/bin, and /dev/stdin.
BUILD = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
cp /usr/bin/busybox /usr/lib/initcpio/busybox
cp -an /usr/sbin/. /usr/bin/
ln -s /proc/self/fd/0 /dev/stdin
status=0
"$TOOL" -k "$VERSION" -c /etc/mkinitcpio.conf -g /tmp/initrd || status=$?
cp /tmp/initrd /run/vfio-early/out/initrd
exit $status
"""


def program() -> Optional[Path]:
    """Return the mkinitcpio of this machine, if it has one."""
    named = os.environ.get("VFIO_EARLY_MKINITCPIO") or shutil.which("mkinitcpio")
    return Path(named).resolve() if named and Path(named).is_file() else None


@dataclass(frozen=True)
class Standin(Generator):
    """spec.conf is for mkinitcpio.conf; HOOKS there replaces the usual ones."""

    kind: str = BUSYBOX

    def version(self, suite: str) -> str:
        return f"{self.tool}, systemd {self.root(suite).package_version('systemd')}"

    @property
    def tool(self) -> str:
        return "mkinitcpio-standin"

    def tool_files(self) -> list[Packed]:
        return [*packed.tree("usr/lib/mkinitcpio-standin", STANDIN),
                packed.copied("usr/bin/mkinitcpio-standin", STANDIN / "mkinitcpio-standin", 0o755)]

    def environment(self, spec: ImageSpec) -> dict[str, str]:
        return {"TOOL": self.tool}

    def adapter(self) -> Mapping[str, Path]:
        return {f"{LIBRARY}/{kind}/{path.name}": path for kind in KINDS
                for path in sorted((TREE / "mkinitcpio" / kind).iterdir())}

    def verdict(self, spec: ImageSpec) -> list[Packed]:
        if spec.scripts:
            raise ImageError(f"{self.name} has no place for {' '.join(spec.scripts)}")
        modules = "".join(f"{name}\n" for name in spec.test_modules)
        whole = [packed.regular("etc/vfio-test.whole", b"")] if spec.whole else []
        return [*whole, packed.regular("etc/vfio-test.modules", modules.encode()),
                *(file for kind in KINDS
                  for file in packed.tree(f"etc/initcpio/{kind}", guest("mkinitcpio") / kind)),
                packed.copied(f"{LIBRARY}/vfio-test.service",
                              guest("mkinitcpio/vfio-test.service")),
                packed.copied(f"{LIBRARY}/vfio-test-verdict", guest("verdict"), 0o755)]

    def force(self, modules: Sequence[str]) -> Mapping[str, object]:
        return {"conf": f"MODULES=({' '.join(modules)})\n"}

    def settings(self, spec: ImageSpec) -> list[Packed]:
        written = ("MODULES=()\nBINARIES=()\nFILES=()\n"
                   f"HOOKS=({shlex.join(self.hooks(spec))})\n"
                   f"COMPRESSION=zstd\nCOMPRESSION_OPTIONS=(-1)\n{spec.conf}")
        return [*self.tool_files(), packed.regular("etc/mkinitcpio.conf", written.encode())]

    def hooks(self, spec: ImageSpec) -> list[str]:
        """Return the usual HOOKS; ours only where it is installed."""
        ours = ["vfio-early"] if spec.adapter and spec.binary else []
        root = ["block", "filesystems"] if spec.whole else []
        return ["base", *ours, self.kind, *root, "vfio-test"]


class Mkinitcpio(Standin):
    """The real one."""

    def obstacle(self) -> Optional[str]:
        return None if program() else "no mkinitcpio"

    def version(self, suite: str) -> str:
        found = program()
        said = re.search(r"version='([^']+)'", found.read_text("utf-8")) if found else None
        return (f"mkinitcpio {said[1] if said else '?'}, "
                f"systemd {self.root(suite).package_version('systemd')}")

    @property
    def tool(self) -> str:
        return "mkinitcpio"

    def tool_files(self) -> list[Packed]:
        found = program()
        if found is None:
            raise ImageError(f"{self.name}: {self.obstacle()}")
        return [packed.copied("usr/bin/mkinitcpio", found, 0o755),
                *packed.tree(LIBRARY, found.parent.parent / "lib/initcpio")]


def both(tool: type[Standin], name: str, complete: bool) -> tuple[Standin, ...]:
    """Return a tool's two kinds of images."""
    return tuple(tool(f"{name}-{word}", BUILD, PACKAGES, ("trixie",),
                      ("systemd.show_status=false",), WAITING, "WARNING: .*vfio-early: ",
                      complete=complete,
                      switches=tool is Mkinitcpio, kind=kind)
                 for word, kind in (("busybox", BUSYBOX), ("systemd", SYSTEMD)))


# In Debian, mkinitcpio misses some of what it looks for; the stand-in misses nothing.
ALL = (*both(Mkinitcpio, "mkinitcpio", False), *both(Standin, "mkinitcpio-standin", True))
