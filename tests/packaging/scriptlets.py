# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the packages of Arch and of Fedora do when they come and go: their text, run in a folder."""

from __future__ import annotations

import configparser
import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Iterable

import others
from debian import TOP

SPEC = TOP / "packaging/fedora/vfio-early.spec"
ARCH = TOP / "packaging/arch"
# What a scriptlet has of the system, and a stand-in for what it is to call.
TOOLS = ("sh", "cat", "basename", "find", "grep", "cp", "rm", "true")
LOGGED = '#!/bin/sh\necho "${0##*/} $*" >>"$LOG"\n'
# Where scriptlets look, each of which becomes a folder of the test.
OURS = re.compile(r"(?<![\w/.*}])/(?=(?:boot|efi|run|etc|lib/modules|usr/share/libalpm)\b)")
# As suse-module-tools and rpm-config-SUSE define them, with words instead of their commands.
SUSE = ("--define", "suse_version 1600",
        "--define", "regenerate_initrd_post echo wanted >>$LOG;\\\n%nil",
        "--define", "regenerate_initrd_posttrans if true; then echo made >>$LOG\\\nfi\\\n%nil")
REBUILT = "dracut --force --regenerate-all\n"


class System:
    """A folder in which the text of a scriptlet is run, with its paths below that folder."""

    def __init__(self, top: Path, there: Iterable[str] = (), programs: Iterable[str] = ()) -> None:
        self.top, self.log = top, top / "log"
        (top / "bin").mkdir()
        for tool in TOOLS:
            (top / "bin" / tool).symlink_to(str(shutil.which(tool)))
        for name in programs:
            (top / "bin" / name).write_text(LOGGED, encoding="ascii")
            (top / "bin" / name).chmod(0o755)
        for folder in ("run", "boot"):
            (top / folder).mkdir()
        for path in there:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).touch()

    def run(self, text: str, *arguments: str, shell: str = "/bin/sh") -> str:
        """Run a text with arguments, and return what it had done; it must not fail."""
        self.log.write_text("", encoding="ascii")
        done = subprocess.run([shell, "-e", "-c", OURS.sub(f"{self.top}/", text), "scriptlet",
                               *arguments], check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={"PATH": f"{self.top}/bin", "LOG": str(self.log)})
        said = f"ended with {done.returncode}: {done.stdout}" if done.returncode else ""
        return self.log.read_text(encoding="ascii") + said


def expanded(*defines: str) -> str:
    """Return the spec file as rpm reads it, with macros of a distribution."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-spec.") as scratch:
        spec = Path(scratch, "vfio-early.spec")
        # Any file can be the tarball: its hash is not in a spec file.
        spec.write_bytes(subprocess.run([str(TOP / "packaging/fill"), str(SPEC), str(SPEC)],
                                        check=True, stdout=subprocess.PIPE).stdout)
        return subprocess.run(["rpmspec", "-P", *defines, str(spec)], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def scriptlet(spec: str, name: str) -> str:
    """Return a scriptlet of an expanded spec file; nothing where there is none."""
    found = re.search(rf"^%{name}\n(.*?)(?=^%[a-z]+$|\Z)", spec, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def requires(spec: str) -> set[str]:
    """Return what a package is built with."""
    return set(re.findall(r"^BuildRequires: (\S+)$", spec, re.MULTILINE))


FEDORA_CASES = (
    # What is there, with which programs, and whether images are made anew.
    (("boot/initramfs-6.9.img",), ("dracut",), True),
    (("boot/0123/6.9/initrd",), ("dracut",), True),
    (("boot/efi/0123/6.9/initrd",), ("dracut",), True),
    (("efi/EFI/Linux/0123-6.9.efi",), ("dracut",), True),
    (("lib/modules/6.9/initrd",), ("dracut",), True),
    (("boot/initramfs-6.9.img",), (), False),
    (("boot/initramfs-6.9.img", "run/ostree-booted"), ("dracut",), False),
    # A container of which the image of a system is made: the kernel's is at its side.
    (("lib/modules/6.9/initramfs.img", "lib/modules/6.9/vmlinuz", "boot/efi/EFI/BOOT/BOOTX64.EFI"),
     ("dracut",), False),
    # One before anything is installed.
    ((), ("dracut",), False),
)


def fedora(_: Path) -> list[str]:
    """Images that are there are made anew, none are made where none are; what it is built with."""
    spec, wrong = expanded(), []
    if not {"musl-gcc", "musl-libc-static"} <= requires(spec):
        wrong.append(f"it is built with {sorted(requires(spec))}")
    for there, programs, expected in FEDORA_CASES:
        for name, left, rebuilds in (("posttrans", "1", True), ("postun", "0", True),
                                     ("postun", "1", False)):
            with tempfile.TemporaryDirectory(prefix="vfio-early-scriptlet.") as scratch:
                did = System(Path(scratch), there, programs).run(scriptlet(spec, name), left)
            if did != (REBUILT if expected and rebuilds else ""):
                wrong.append(f"%{name} {left} with {there}, {programs}: {did!r}")
    licences = set(re.search(r"^License: (.*)$", spec, re.MULTILINE)[1].split(" AND "))
    linked = {line.partition(" = ")[2] for path in (TOP / "subprojects").glob("*.wrap")
              for line in path.read_text(encoding="utf-8").splitlines()
              if line.startswith("licence = ")} | {"MIT"}
    return wrong + [f"License has not {name}, which is linked" for name in linked - licences]


def suse(_: Path) -> list[str]:
    """openSUSE's macros are called where it wants them, and dracut is left to them."""
    spec, wrong = expanded(*SUSE), []
    if not {"/usr/bin/musl-gcc", "suse-module-tools"} <= requires(spec):
        wrong.append(f"it is built with {sorted(requires(spec))}")
    image = "boot/initrd-6.9"
    for name, left, there, expected in (
            ("post", "1", (image,), "wanted\n"), ("posttrans", "1", (image,), "made\n"),
            ("postun", "0", (image,), "wanted\n"), ("postun", "1", (image,), ""),
            ("postun", "0", (image, "run/ostree-booted"), "")):
        with tempfile.TemporaryDirectory(prefix="vfio-early-scriptlet.") as scratch:
            did = System(Path(scratch), there, ("dracut",)).run(scriptlet(spec, name), left)
        if did != expected:
            wrong.append(f"%{name} {left} with {there}: {did!r}")
    return wrong


def alpm_hook(_: Path) -> list[str]:
    """The hook's triggers are of files that the package has, of all that images have of it."""
    hook = configparser.RawConfigParser(strict=False, delimiters=("=",))
    hook.optionxform = str
    text = (ARCH / "vfio-early-dracut.hook").read_text(encoding="utf-8")
    hook.read_string(text)
    # Keys that are there several times are lists, of which the parser has the last.
    operations, targets = (set(re.findall(rf"^{key} = (.*)$", text, re.MULTILINE))
                           for key in ("Operation", "Target"))
    wrong = []
    if re.findall(r"^\[(.*)\]$", text, re.MULTILINE) != ["Trigger", "Action"] or \
            hook["Trigger"]["Type"] != "Path" or hook["Action"]["When"] != "PostTransaction":
        wrong.append("it is no hook of one trigger of paths, for after a transaction")
    # When the package is removed its hook is, too: that is for post_remove.
    if operations != {"Install", "Upgrade"}:
        wrong.append(f"its operations are {sorted(operations)}")
    wrong += [f"no file of the package is {target}" for target in sorted(targets)
              if not fnmatch.filter(others.ARCH, target)]
    others_too = ("usr/lib/dracut/modules.d/50drm/module-setup.sh", "usr/lib/systemd/systemd")
    wrong += [f"{target} is of other packages as well" for target in sorted(targets)
              if fnmatch.filter(others_too, target)]
    for path in sorted(others.ARCH):
        if re.match(r"usr/lib/(dracut|vfio-early)/", path) and \
                not any(fnmatch.fnmatchcase(path, target) for target in targets):
            wrong.append(f"an image would not be made anew for {path}")
    # For the hook of mkinitcpio itself, whose target this is.
    if not fnmatch.filter(others.ARCH, "usr/lib/initcpio/*"):
        wrong.append("mkinitcpio would not make its images anew")
    if hook["Action"]["Exec"].lstrip("/") not in others.ARCH:
        wrong.append(f"{hook['Action']['Exec']} is not in the package")
    return wrong


def alpm_remove(_: Path) -> list[str]:
    """After a removal dracut's images are made anew, by what the package had; HOOKS are told of."""
    text = (ARCH / "vfio-early.install").read_text(encoding="utf-8")
    script = "usr/share/libalpm/scripts/vfio-early-dracut"
    image, module = "boot/initramfs-6.9-lts.img", "lib/modules/6.9-lts/vmlinuz"
    wrong = []
    with tempfile.TemporaryDirectory(prefix="vfio-early-scriptlet.") as scratch:
        system = System(Path(scratch), (image, module, script, "etc/mkinitcpio.conf"), ("dracut",))
        program = (ARCH / "vfio-early-dracut").read_text(encoding="utf-8")
        (system.top / script).write_text(program.replace(
            ":-/usr/lib/modules", f":-{system.top}/lib/modules").replace(
            ":-/boot", f":-{system.top}/boot"), encoding="utf-8")
        os.chmod(system.top / script, 0o755)
        (system.top / "etc/mkinitcpio.conf").write_text("HOOKS=(base vfio-early udev)\n",
                                                        encoding="ascii")
        before = system.run(f"{text}\npre_remove >>$LOG", shell="/bin/bash")
        if "Take vfio-early out of HOOKS" not in before or "dracut" in before:
            wrong.append(f"before the removal it did {before!r}")
        (system.top / script).unlink()
        after = system.run(f"{text}\npost_remove", shell="/bin/bash")
        if after != f"dracut --force {system.top}/{image} 6.9-lts\n":
            wrong.append(f"after the removal it did {after!r}")
        if left := [str(path) for path in (system.top / "run").iterdir()]:
            wrong.append(f"it left {left}")
        # As where there was nothing to keep.
        if again := system.run(f"{text}\npost_remove", shell="/bin/bash"):
            wrong.append(f"without the program it did {again!r}")
    return wrong
