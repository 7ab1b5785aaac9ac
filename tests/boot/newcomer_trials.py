# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody new follows docs/debian.md line by line, and then docs/troubleshooting.md.

The commands up to the reboot are typed in a Debian root that shows the recorded machine
`virtual` in /sys; the image that comes of them is booted on such a machine, and the commands
for after the reboot are typed there. Then the config is spoiled in three ways, and `check` has to
say of each what the page about it has.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Sequence

import disks
import generators
import images
import packed
import qemu
import topologies as top
import verdict as verdicts
from cells import TRIXIE
from generators.base import Generator
from images import TREE, ImageSpec
from trials import GUEST, Trial

sys.path.append(str(TREE / "tests/checks"))
import pages  # noqa: E402
from trees import tree  # noqa: E402

GENERATOR = "initramfs-tools"
GUIDE = "docs/debian.md"
HELP = "docs/troubleshooting.md"
MACHINE = "tests/machines/virtual"
REBOOT, UNDO = "sudo reboot", "## Undo"
NOT_HERE = ("lspci -nnk",)  # pciutils is not in the system
CONFIG = "etc/vfio-early.conf"
TAKEN = top.address(4)
LEAST_COMMANDS = (4, 2)  # before the reboot and after it
LINE = re.compile(r"@newcomer (.*?)\r?$", re.MULTILINE)
# Where an installer would have made images, and somebody types.
TYPE = """
tar -x -f - -C / --no-same-owner --keep-directory-symlink
: >"/boot/initrd.img-$VERSION"
while read -r command; do
    sh -c "$command" </dev/null
    echo "@newcomer $? $command"
done </run/commands
cp "/boot/initrd.img-$VERSION" /run/vfio-early/out/initrd
cp /etc/vfio-early.conf /run/vfio-early/out/config
"""
SUDO = b'#!/bin/sh\nexec "$@"\n'
# What the config is made to be, and what the page about it has in a log block.
BROKEN = (("typo", "04:00.0 wiht=slot", "unknown term; expected an address"),
          ("wrong-id", "04:00.0 id=1234:1112", "find where that device is now"),
          ("stale", "04:00.0 id=1234:1111", "is not the one on the disk"))


def typed() -> tuple[list[str], list[str]]:
    """Return the commands of the guide before the reboot and after it."""
    text = (TREE / GUIDE).read_text(encoding="utf-8")
    found = [command for block in pages.blocks(text[:text.index(UNDO)]) if block.language == "sh"
             for command in pages.commands(block.text) if command not in NOT_HERE]
    at = found.index(REBOOT)
    return found[:at], found[at + 1:]


def prepare(generator: Generator, spec: ImageSpec, binary: Path, commands: Sequence[str],
            out: Path) -> str:
    """Type the commands before the reboot; the image and the config are in out then."""
    root = generator.root(spec.suite)
    kernel = images.kernel_of(root, spec)
    files = [*generator.files(spec), *generator.settings(spec),
             packed.copied("usr/bin/vfio-early", binary.with_name("vfio-early"), 0o755),
             packed.regular("usr/bin/sudo", SUDO, 0o755),
             packed.regular("run/commands", "".join(f"{c}\n" for c in commands).encode())]
    with tree(MACHINE) as machine:
        made = root.run(["sh", "-c", TYPE], env={"VERSION": kernel.version},
                        binds=[*images.kernel_binds(kernel), (machine / "sys", "/sys"),
                               (out, "/run/vfio-early/out")], stdin=packed.tar(files))
    return made.stdout.decode(errors="replace")


def boot(spec: ImageSpec, binary: Path, out: Path, commands: Sequence[str],
         transcript: Path) -> str:
    """Boot the image with a root file system that has what was installed."""
    bare = generators.build_image(ImageSpec(suite=spec.suite, generator=GENERATOR, whole=True,
                                            binary=None, adapter=False))
    assert bare.disk is not None
    guide = "".join(f"try guide {shlex.quote(command)}\n" for command in commands)
    broken = "".join(f"echo '{line}' >/{CONFIG}\ntry {name} 'vfio-early check'\n"
                     for name, line, _ in BROKEN)
    script = (GUEST / "newcomer").read_text(encoding="utf-8")
    script = script.replace("@guide@", guide).replace("@broken@", broken)
    disk = disks.copied(bare.disk, out / "disk", {
        "/usr/lib/vfio-early/vfio-early-boot": (0o755, binary.read_bytes()),
        "/usr/bin/vfio-early": (0o755, binary.with_name("vfio-early").read_bytes()),
        "/usr/bin/sudo": (0o755, SUDO), f"/{CONFIG}": (out / "config").read_bytes(),
        f"/boot/initrd.img-{bare.version}": (out / "initrd").read_bytes(),
        "/usr/lib/vfio-test/at-login": (0o755, script.encode())})
    options = [option.replace("@root-disk@", str(disk)) for option in top.WHOLE.options]
    result = qemu.run(qemu.Machine(bare.kernel, out / "initrd", options,
                                   [*bare.append, *top.WHOLE.append]), transcript)
    return result.console if result.ended == "poweroff" else f"{result.ended}: {result.message}"


def wrong_statuses(told: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return which commands were not typed in order, or ended with another status than 0."""
    wanted = [f"0 {command}" for command in commands]
    return [] if list(told) == wanted else [f"typed {list(told)}, expected {wanted}"]


def judge(console: str, commands: Sequence[str]) -> list[str]:
    """Return what is not as the pages have it, after the reboot."""
    told = LINE.findall(console)
    if "end" not in told:
        return [f"the guest did not come to its end: {console[-300:]}"]
    ended = [line.removeprefix("ended guide ") for line in told if line.startswith("ended guide ")]
    wrong = wrong_statuses(ended, commands)
    said = [line.removeprefix("said guide ") for line in told if line.startswith("said guide ")]
    if not any(f"{TAKEN} " in line and "bound to vfio-pci" in line for line in said):
        wrong.append(f"the log does not say that {TAKEN} was bound: {said}")
    foreseen, log = ("\n".join(line.partition(f"said {label} ")[2] for line in told
                               if line.startswith(f"said {label} ")) for label in ("check", "log"))
    wrong += verdicts.wrong_foretold(verdicts.foreseen_in(foreseen), [
        line.partition("vfio-early: ")[2] for line in log.splitlines()], {})
    page = (TREE / HELP).read_text(encoding="utf-8")
    for name, _, words in BROKEN:
        text = " ".join(" ".join(line.removeprefix(f"said {name} ").split()) for line in told
                        if line.startswith(f"said {name} "))
        if words not in page or words not in text:
            wrong.append(f"{name}: {words!r} is not in {HELP}, or not in: {text}")
    return wrong


def newcomer(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Follow the guide up to the reboot, boot, and follow it to its end."""
    before, after = typed()
    if (len(before), len(after)) < LEAST_COMMANDS:
        return [f"the guide has only {before} and {after}"]
    spec = ImageSpec(suite=suite, binary=binary, generator=GENERATOR, whole=True)
    with tempfile.TemporaryDirectory(prefix="vfio-early-newcomer.") as scratch:
        out = Path(scratch)
        log = prepare(generators.named(GENERATOR), spec, binary, before, out)
        transcript.with_suffix(".before").write_text(log, encoding="utf-8")
        wrong = wrong_statuses(LINE.findall(log), before)
        if wrong or not (out / "initrd").exists():
            return wrong + [log[-500:]]
        return judge(boot(spec, binary, out, after, transcript), after)


ALL = (Trial("newcomer", newcomer, GENERATOR, (TRIXIE,), disks.obstacle,
             foresees=True),)
