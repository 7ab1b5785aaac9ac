# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boot images made by mkinitcpio, or by the stand-in for it, with this project installed.

The userland is Debian's, as in all boot tests: of mkinitcpio only its own files are taken,
from where VFIO_EARLY_MKINITCPIO or PATH finds the program.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

import images
import kernels
import roots
from images import Image, Packed

HERE = Path(__file__).resolve().parent
STANDIN = HERE / "mkinitcpio_standin"
GUEST = HERE / "guest"
SUITE = "trixie"
PACKAGES = ("libarchive-tools", "systemd")
LIBRARY = "usr/lib/initcpio"

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


@dataclass(frozen=True)
class Spec:
    """What goes into an image; program None is the stand-in."""

    program: Optional[Path]
    hooks: Sequence[str]
    modules: Sequence[str] = ()
    config: Optional[bytes] = None
    binary: Path = images.ImageSpec.binary or Path()


def program() -> Optional[Path]:
    """Return the mkinitcpio of this machine, if it has one."""
    named = os.environ.get("VFIO_EARLY_MKINITCPIO") or shutil.which("mkinitcpio")
    return Path(named).resolve() if named and Path(named).is_file() else None


def build_image(spec: Spec) -> Image:
    """Return the image of a spec, built now or found in the cache."""
    root = roots.root(SUITE, PACKAGES)
    tool = "mkinitcpio" if spec.program else "mkinitcpio-standin"
    return images.Build(
        title=f"{tool}, {' '.join(spec.hooks)}", root=root, kernel=kernels.of_root(root),
        script=BUILD, packed=[*_tool(spec.program), *_ours(spec), *_test_files(spec)],
        env={"TOOL": tool}).image()


def _file(name: str, source: Path, mode: int = 0o644) -> Packed:
    return name, tarfile.REGTYPE, mode, source.read_bytes()


def _tree(source: Path, target: str) -> list[Packed]:
    """Return all files below a folder, each executable by whom it is so there."""
    return [_file(f"{target}/{path.relative_to(source)}", path, path.stat().st_mode & 0o777)
            for path in sorted(source.rglob("*")) if path.is_file()]


def _tool(found: Optional[Path]) -> list[Packed]:
    """Return the files of mkinitcpio, or of the stand-in."""
    if found is None:
        made = _tree(STANDIN, "usr/lib/mkinitcpio-standin")
        return [*made, _file("usr/bin/mkinitcpio-standin", STANDIN / "mkinitcpio-standin", 0o755)]
    library = found.parent.parent / "lib/initcpio"
    return [_file("usr/bin/mkinitcpio", found, 0o755), *_tree(library, LIBRARY)]


def _ours(spec: Spec) -> list[Packed]:
    """Return what a package and an administrator put into the root."""
    made = [_file(images.BINARY, spec.binary, 0o755),
            *(_file(f"usr/lib/vfio-early/{name}", images.TREE / "hooks" / name, mode)
              for name, mode in images.SHARED.items()),
            *(_file(f"{LIBRARY}/{kind}/vfio-early", images.TREE / "mkinitcpio" / kind / "vfio-early")
              for kind in ("install", "hooks"))]
    if spec.config is not None:
        made.append(("etc/vfio-early.conf", tarfile.REGTYPE, 0o644, spec.config))
    return made


def _test_files(spec: Spec) -> list[Packed]:
    """Return the hook of the tests and the settings of the image."""
    settings = (f"MODULES=({shlex.join(spec.modules)})\nBINARIES=()\nFILES=()\n"
                f"HOOKS=({shlex.join(spec.hooks)})\n"
                "COMPRESSION=zstd\nCOMPRESSION_OPTIONS=(-1)\n")
    regular = tarfile.REGTYPE
    return [("etc/mkinitcpio.conf", regular, 0o644, settings.encode()),
            ("etc/vfio-test.modules", regular, 0o644,
             "".join(f"{name}\n" for name in images.TEST_MODULES).encode()),
            *_tree(GUEST / "mkinitcpio/install", "etc/initcpio/install"),
            *_tree(GUEST / "mkinitcpio/hooks", "etc/initcpio/hooks"),
            _file(f"{LIBRARY}/vfio-test.service", GUEST / "mkinitcpio/vfio-test.service"),
            _file(f"{LIBRARY}/vfio-test-verdict", GUEST / "verdict", 0o755)]
