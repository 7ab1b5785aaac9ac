# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be seen of the packaging without building a package."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import tempfile
from pathlib import Path

from debian import TOP, documented

TREE = TOP / "build"
# Where it stands for what a program once printed, and in NEWS, whose head is compared.
MAY_HAVE_IT = re.compile(r"tests/|docs/pictures/|meson\.build$|NEWS$|subprojects/")
PROGRAMS = ("vfio-early-boot", "vfio-early-init", "vfio-early")


def printed(*command: object) -> str:
    """Return what a command of the tree prints."""
    return subprocess.run([str(word) for word in command], check=True, text=True, cwd=TOP,
                          stdout=subprocess.PIPE).stdout


def version(_: Path) -> list[str]:
    """meson.build has the version, NEWS begins with it, and nothing else knows it."""
    ours = printed("packaging/version").strip()
    head = (TOP / "NEWS").read_text(encoding="utf-8").splitlines()[0]
    wrong = [] if re.match(rf"vfio-early {re.escape(ours)}(?: |$)", head) else [
        f"NEWS begins with {head!r}, the version is {ours}"]
    tracked = printed("git", "grep", "-l", "-F", "-w", "-e", ours).split()
    return wrong + [f"{path} has the version, which is meson.build's" for path in tracked
                    if not MAY_HAVE_IT.match(path)]


def linked() -> dict[str, set[str]]:
    """Return which bundled libraries each program is linked with, as the build has it."""
    found: dict[str, set[str]] = {}
    text = (TREE / "build.ninja").read_text(encoding="utf-8")
    for program in PROGRAMS:
        (line,) = re.findall(rf"^build {program}: c_LINKER (.*)$", text, re.MULTILINE)
        found[program] = set(re.findall(r"subprojects/(\S+?)-[0-9.]+/", line))
    return found


def bundled(_: Path) -> list[str]:
    """Every bundled library is told of as it is: linked, licensed, and in the copyright file."""
    wrong = []
    wraps = sorted((TOP / "subprojects").glob("*.wrap"))
    copyright_file = (TOP / "packaging/debian/copyright").read_text(encoding="utf-8")
    told: dict[str, set[str]] = {program: set() for program in PROGRAMS}
    for path in wraps:
        wrap = configparser.ConfigParser(interpolation=None)
        wrap.read(path, encoding="utf-8")
        folder = TOP / "subprojects" / wrap["wrap-file"]["directory"]
        if not (folder / wrap["bundled"]["licence_file"]).is_file():
            wrong.append(f"{path.name}: {folder.name} has no {wrap['bundled']['licence_file']}")
        if f"Files: subprojects/{path.stem}-*/*\n" not in copyright_file:
            wrong.append(f"packaging/debian/copyright does not tell of {path.stem}")
        for program in wrap["bundled"]["programs"].split():
            told[program].add(path.stem)
    if not wraps:
        return ["there are no .wrap files"]
    return wrong + [f"{program} is linked with {sorted(has)}, told is {sorted(told[program])}"
                    for program, has in linked().items() if has != told[program]]


def dependencies(_: Path) -> list[str]:
    """docs/install.md has apt install what debian/control wants; roots are made by that page."""
    control = (TOP / "packaging/debian/control").read_text(encoding="utf-8")
    field = re.search(r"^Build-Depends:\n((?: .*\n)+)", control, re.MULTILINE)
    wanted = set(re.findall(r"^ ([a-z0-9.+-]+)", field[1], re.MULTILINE)) if field else set()
    wanted = {"debhelper" if name == "debhelper-compat" else name for name in wanted}
    if not wanted:
        return ["no Build-Depends in debian/control"]
    return [f"docs/install.md does not install {name}"
            for name in sorted(wanted - set(documented()))]


def units(_: Path) -> list[str]:
    """systemd knows what the units say, with the programs where a package puts them."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-units.") as scratch:
        root = Path(scratch)
        folder = root / "usr/lib/systemd/system"
        folder.mkdir(parents=True)
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin/vfio-early").touch(mode=0o755)
        names = []
        for unit in sorted((TOP / "systemd").iterdir()):
            (folder / unit.name).write_bytes(unit.read_bytes())
            names.append(unit.name)
        said = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               f"--root={root}", *names], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return [said.stdout] if said.returncode or said.stdout.strip() else []


DRACUT = """#!/bin/sh
echo "$@" >>"$LOG"
"""


def dracut_on_arch(_: Path) -> list[str]:
    """The alpm hook's program rebuilds the images that are there, and only where dracut's are."""
    script = TOP / "packaging/arch/vfio-early-dracut"
    wrong = []
    with tempfile.TemporaryDirectory(prefix="vfio-early-alpm.") as scratch:
        top = Path(scratch)
        for name in ("bin", "boot", "modules/6.9-arch", "modules/6.6-lts", "modules/6.1-none"):
            (top / name).mkdir(parents=True)
        (top / "modules/6.9-arch/pkgbase").write_text("linux\n", encoding="ascii")
        (top / "boot/initramfs-linux.img").touch()
        (top / "boot/initramfs-6.6-lts.img").touch()
        for tool in ("sh", "basename", "cat"):
            (top / "bin" / tool).symlink_to(f"/bin/{tool}")
        env = {"PATH": f"{top}/bin", "LOG": f"{top}/log", "VFIO_EARLY_MODULES": f"{top}/modules",
               "VFIO_EARLY_BOOT": f"{top}/boot"}

        def ran() -> str:
            (top / "log").write_text("", encoding="ascii")
            done = subprocess.run(["/bin/sh", str(script)], env=env, check=False)
            if done.returncode:
                wrong.append(f"it ended with {done.returncode}")
            return (top / "log").read_text(encoding="ascii")

        if ran():
            wrong.append("it ran dracut, which is not there")
        (top / "bin/dracut").write_text(DRACUT, encoding="ascii")
        os.chmod(top / "bin/dracut", 0o755)
        expected = (f"--force {top}/boot/initramfs-6.6-lts.img 6.6-lts\n"
                    f"--force {top}/boot/initramfs-linux.img 6.9-arch\n")
        if (found := ran()) != expected:
            wrong.append(f"with dracut it ran {found!r}")
        (top / "bin/mkinitcpio").symlink_to("/bin/true")
        if found := ran():
            wrong.append(f"with mkinitcpio's images it ran {found!r}")
    return wrong
