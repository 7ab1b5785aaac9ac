# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tarball of the last commit, and Debian packages of it, built in roots without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/boot"))

import cache  # noqa: E402
import roots  # noqa: E402
from images import Image  # noqa: E402


def documented() -> tuple[str, ...]:
    """Return what docs/install.md has apt install, for building the package."""
    page = (TOP / "docs/install.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^sudo apt install (build-essential(?:.*\\\n)*.*)$", page, re.MULTILINE)
    return tuple(line.replace("\\", " ").split())


# What the page tells to install, and the judge of the result.
BUILD = (*documented(), "lintian")
# Without the unit tests, which the test command has run before.
QUICK = "nocheck"
TARBALL = "/run/vfio-early/vfio-early.tar.gz"

# In a namespace without a network; the folder's name is not always the same.
SCRIPT = """
set -e
umask "$MASK"
mkdir /tmp/unpacked
tar -x -f "$TARBALL" -C /tmp/unpacked
TMPDIR=$(mktemp -d)
export TMPDIR
unshare --net -- /tmp/unpacked/*/packaging/debian/build "$TARBALL" /run/vfio-early/out
"""
LINTIAN = """
cd /run/vfio-early/out
exec lintian --allow-root --fail-on error,warning --info *.changes
"""


class PackageError(Exception):
    """A package could not be built; the text has the end of the log."""


@dataclass(frozen=True)
class Package:
    """What a build left."""

    folder: Path
    log: str

    @property
    def deb(self) -> Path:
        (found,) = self.folder.glob("vfio-early_*.deb")
        return found


def tarball() -> Path:
    """Return the tarball of the last commit, made now or found in the cache."""
    commit = subprocess.run(["git", "-C", str(TOP), "rev-parse", "HEAD"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()

    def build(folder: Path) -> None:
        made = subprocess.run([str(TOP / "packaging/tarball"), str(folder), "gztar"], text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if made.returncode:
            raise PackageError(f"no tarball: {made.stdout[-2000:]}")

    (found,) = cache.entry("tarballs", cache.key_of("tarball", commit), build).glob("*.tar.gz")
    return found


def wrong_tarballs(keep: Path) -> list[str]:
    """Make the tarball twice, with different rights for others, and compare byte by byte."""
    wrong = []
    for kind, end in (("gztar", "gz"), ("xztar", "xz")):
        made = []
        for umask in ("022", "077"):
            folder = keep / f"tarball-{umask}"
            subprocess.run(["sh", "-c", 'umask "$1"; exec "$2" "$3" "$4"', "sh", umask,
                            str(TOP / "packaging/tarball"), str(folder), kind], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            (found,) = folder.glob(f"*.tar.{end}")
            made.append(found.read_bytes())
        if made[0] != made[1]:
            wrong.append(f"the .tar.{end} is another one each time")
    return wrong


def build_root(suite: str) -> roots.Root:
    """Return a root with the build-dependencies."""
    return roots.root(suite, base=BUILD)


def package(suite: str, options: str = "", again: int = 0) -> Package:
    """Return the package that a suite makes, built now or found in the cache.

    options: DEB_BUILD_OPTIONS. again: a number for another build of the same.
    """
    source, root = tarball(), build_root(suite)
    key = cache.key_of("package", SCRIPT, root.key, cache.file_hash(source), options, again)

    def build(folder: Path) -> None:
        made = root.run(["sh", "-c", SCRIPT],
                        env={"TARBALL": TARBALL, "DEB_BUILD_OPTIONS": options,
                             "MASK": "077" if again else "022"},
                        binds=[(source, TARBALL), (folder, "/run/vfio-early/out")])
        (folder / "log").write_bytes(made.stdout)
        if made.returncode:
            raise PackageError(made.stdout.decode(errors="replace")[-3000:])
        cache.say(f"package of {suite}: built")

    folder = cache.entry("packages", key, build, roots.remove_tree)
    return Package(folder, (folder / "log").read_text(encoding="utf-8", errors="replace"))


def lintian(suite: str, made: Package) -> list[str]:
    """Return what lintian of the suite says."""
    said = build_root(suite).run(["sh", "-c", LINTIAN], binds=[(made.folder, "/run/vfio-early/out")])
    lines = said.stdout.decode(errors="replace").splitlines()
    tags = [line for line in lines if line[:2] in ("E:", "W:")]
    return tags or ([f"lintian ended with {said.returncode}: {lines[-3:]}"] if said.returncode
                    else [])


def wrong_again(_: Path) -> list[str]:
    """Build twice, in folders of different names, and compare what came, byte by byte."""
    suite = "trixie"
    first, second = package(suite, QUICK), package(suite, QUICK, again=1)
    names = sorted(path.name for path in first.folder.glob("*.deb"))
    if len(names) < 2 or names != sorted(path.name for path in second.folder.glob("*.deb")):
        return [f"the first build has {names}"]
    return [f"{name} is another one each time" for name in names
            if cache.file_hash(first.folder / name) != cache.file_hash(second.folder / name)]


def image_files(path: Path) -> dict[str, bytes]:
    """Return the files of a boot image."""
    return Image(Path(), "", path, "", 0, "").contents()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        result = package(name)
        print(result.deb, *lintian(name, result), sep="\n")
