# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages of Arch and Fedora, as far as Debian's makepkg and rpmbuild can build them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import debian
from debian import TOP

# What of a package's files depends on the adapters that it has.
BOTH = {"etc/vfio-early.conf", "usr/bin/vfio-early", "usr/lib/vfio-early/vfio-early-boot",
        "usr/lib/vfio-early/vfio-early-init", "usr/lib/vfio-early/stage-image",
        "usr/lib/vfio-early/vfio-early.service", "usr/lib/udev/rules.d/60-vfio-early.rules",
        "usr/lib/dracut/modules.d/50vfio-early/module-setup.sh",
        "usr/lib/dracut/modules.d/50vfio-early/vfio-early.sh",
        "usr/lib/kernel/install.d/10-vfio-early.install",
        "usr/lib/kernel/install.d/55-vfio-early.install",
        "usr/lib/systemd/system/vfio-early-rebuild.path",
        "usr/lib/systemd/system/vfio-early-rebuild.service",
        "usr/share/doc/vfio-early/vfio-early.conf.example",
        "usr/share/doc/vfio-early/vfio-early.cdx.json"}
ARCH = BOTH | {"usr/lib/initcpio/install/vfio-early", "usr/lib/initcpio/hooks/vfio-early",
               "usr/share/libalpm/hooks/90-vfio-early-dracut.hook",
               "usr/share/libalpm/scripts/vfio-early-dracut", ".INSTALL", ".PKGINFO"}
# Generated pages have the compression of the system.
FREE = re.compile(r"usr/share/(man|doc|licenses|bash-completion|zsh|fish)/|\.(MTREE|BUILDINFO)$")


def run(keep: Path, name: str, *command: object) -> str:
    """Return what a command prints; its end where it fails."""
    done = subprocess.run([str(word) for word in command], text=True, check=False,
                          stdin=subprocess.DEVNULL, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with (keep / f"{name}.log").open("a", encoding="utf-8") as log:
        log.write(done.stdout)
    if done.returncode:
        raise debian.PackageError(f"{command[0]} ended with {done.returncode}: "
                                  f"{done.stdout[-1200:]}")
    return done.stdout


def differing(files: set[str], wanted: set[str]) -> list[str]:
    """Return what a package has too much or lacks."""
    return [f"it lacks {path}" for path in sorted(wanted - files)] + \
        [f"it has {path}" for path in sorted(files - wanted) if not FREE.match(path)]


@dataclass(frozen=True)
class Manner:
    """How a package is built, which must not matter."""

    folder: str
    umask: str
    zone: str

    def command(self, *words: object) -> list[object]:
        """Return what runs a command so."""
        return ["env", f"TZ={self.zone}", "sh", "-c", f'umask {self.umask}; exec "$@"', "sh", *words]


USUAL = Manner("build", "022", "UTC")
OTHER = Manner("another-name", "077", "Asia/Kolkata")


def arch_package(keep: Path, scratch: Path, manner: Manner) -> Path:
    """Return what makepkg makes, as a user without rights, which it insists on."""
    scratch.chmod(0o755)
    folder = scratch / manner.folder
    folder.mkdir()
    # That user may not be able to read this tree, nor the cache.
    source = scratch / "vfio-early.tar.gz"
    shutil.copyfile(debian.tarball(), source)
    run(keep, "arch", "tar", "-xf", source, "-C", scratch, "--no-same-owner")
    (tree,) = scratch.glob("vfio-early-*/")
    config = scratch / "makepkg.conf"
    config.write_text(CONFIG, encoding="ascii")
    run(keep, "arch", *as_nobody(folder), *manner.command(
        tree / "packaging/arch/build", source, folder, "--nodeps", "--nocheck", "--noconfirm",
        "--config", config))
    (package,) = folder.glob("vfio-early-[0-9]*.pkg.tar.zst")
    return package


def arch(keep: Path) -> list[str]:
    """Build with makepkg, and look what is in the package."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-arch.") as scratch:
        package = arch_package(keep, Path(scratch), USUAL)
        names = run(keep, "arch", "tar", "-tf", package).splitlines()
        info = run(keep, "arch", "tar", "-xOf", package, ".PKGINFO")
    files = {name for name in names if not name.endswith("/")}
    wrong = differing(files, ARCH)
    if "backup = etc/vfio-early.conf\n" not in info:
        wrong.append("an edited configuration would be overwritten")
    return wrong


def arch_again(keep: Path) -> list[str]:
    """Build twice, in one folder, which makepkg writes into .BUILDINFO, and nothing elsewhere."""
    made = []
    with tempfile.TemporaryDirectory(prefix="vfio-early-arch.") as top:
        Path(top).chmod(0o755)
        scratch = Path(top, "once")
        for manner in (USUAL, replace(OTHER, folder=USUAL.folder)):
            scratch.mkdir()
            made.append(arch_package(keep, scratch, manner).read_bytes())
            shutil.rmtree(scratch)
        unpacked = Path(top, "unpacked")
        unpacked.mkdir()
        Path(top, "package").write_bytes(made[0])
        run(keep, "arch", "tar", "-xf", Path(top, "package"), "-C", unpacked)
        named = [str(path.relative_to(unpacked)) for path in sorted(unpacked.rglob("*"))
                 if path.is_file() and top.encode() in path.read_bytes()]
    wrong = [] if made[0] == made[1] else ["the package is another one each time"]
    return wrong + ([] if named == [".BUILDINFO"] else
                    [f"the folder of the build is named in {named}"])


def as_nobody(folder: Path) -> list[str]:
    """Return what runs a command without rights, where there are any."""
    if os.geteuid() != 0:
        return []
    os.chown(folder, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"HOME={folder}",
            "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"]


CONFIG = """CARCH="x86_64"
CHOST="x86_64-pc-linux-gnu"
CFLAGS="-march=x86-64 -O2 -pipe"
LDFLAGS="-Wl,-O1"
BUILDENV=(!distcc color !ccache !check !sign)
OPTIONS=(strip docs !libtool !staticlibs emptydirs zipman purge !debug !lto)
INTEGRITY_CHECK=(sha256)
STRIP_BINARIES="--strip-all"
STRIP_SHARED="--strip-unneeded"
STRIP_STATIC="--strip-debug"
MAN_DIRS=(usr/share/man)
DOC_DIRS=(usr/share/doc)
PURGE_TARGETS=(usr/share/info/dir)
DLAGENTS=('file::/usr/bin/cp %u %o')
VCSCLIENTS=()
PACKAGER="vfio-early tests"
COMPRESSZST=(zstd -q -c -1 -)
PKGEXT='.pkg.tar.zst'
SRCEXT='.src.tar.gz'
"""


def fedora_package(keep: Path, scratch: Path, manner: Manner) -> Path:
    """Return what rpmbuild makes; its own macros about the distribution are missing."""
    folder = scratch / manner.folder
    run(keep, "fedora", *manner.command(
        TOP / "packaging/fedora/build", debian.tarball(), folder, "--nodeps",
        "--define", "dist .tests"))
    (package,) = folder.glob("RPMS/*/vfio-early-*.rpm")
    return package


def fedora_again(keep: Path) -> list[str]:
    """Build twice, and compare byte by byte; no host is named, as it need not be the same one."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-rpm.") as scratch:
        made = [fedora_package(keep, Path(scratch), manner) for manner in (USUAL, OTHER)]
        wrong = [] if made[0].read_bytes() == made[1].read_bytes() else [
            "the package is another one each time"]
        host = run(keep, "fedora", "rpm", "-qp", "--qf", "%{BUILDHOST}", made[0])
    return wrong + ([] if host == "reproducible" else [f"it was built on {host}"])


def fedora(keep: Path) -> list[str]:
    """Build with rpmbuild, and look what is in the package."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-rpm.") as scratch:
        package = fedora_package(keep, Path(scratch), USUAL)
        files = set(run(keep, "fedora", "rpm", "-qlp", package).split())
        config = run(keep, "fedora", "rpm", "-qp", "--qf",
                     r"[%{FILENAMES} %{FILEFLAGS:fflags}\n]", package)
        scripts = run(keep, "fedora", "rpm", "-qp", "--scripts", package)
        provides = run(keep, "fedora", "rpm", "-qp", "--provides", package)
    folders = {"usr/lib/vfio-early", "usr/lib/dracut/modules.d/50vfio-early",
               "usr/share/doc/vfio-early"}
    wrong = differing({path.lstrip("/") for path in files} - folders, BOTH)
    if not re.search(r"^/etc/vfio-early.conf cn$", config, re.MULTILINE):
        wrong.append(f"an edited configuration would be overwritten: {config}")
    wrong += [f"there is no {part} that rebuilds" for part in ("posttrans", "postuninstall")
              if not re.search(rf"{part} [^\n]*\n(?:(?!scriptlet)[^\n]*\n)*?.*--regenerate-all",
                               scripts)]
    wrong += [f"not told: bundled({path.stem})" for path in (TOP / "subprojects").glob("*.wrap")
              if f"bundled({path.stem}) = " not in provides]
    return wrong
