# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody new, on a booted Debian: docs/install.md and docs/debian.md up to a device on vfio-pci,
then what can go wrong, one thing after the other, and docs/troubleshooting.md out of it again.

All is typed into the same host, which is rebooted into what its own tools made. Only commands that
a page has are typed to find out and to mend (its addresses stand for others), besides an editor.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Sequence

import debian
import hosts
import topologies as top
from debian import TOP

sys.path.append(str(TOP / "tests/checks"))
import pages  # noqa: E402

CONFIG = "/etc/vfio-early.conf"
REBUILD = "sudo update-initramfs -u -k all"
ADDRESS = re.compile(r"\b[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b")
# The card that is for a virtual machine; where it is with a bus more before it, and where else the
# device is whose driver is in Debian's kernel, and has it before anybody.
CARD, MOVED = "04:00.0", "05:00.0"
CARDS = (*top.slot(3, "cirrus-vga"), *top.slot(4, top.GPU), *top.slot(5, "virtio-net-pci"),
         *hosts.USB)
USUAL = (*hosts.ROOT, *CARDS)
RENUMBERED = (*hosts.ROOT, *top.device("pcie-root-port,id=more,chassis=20,slot=20,addr=0x2.1"),
              *top.device(f"{top.NIC},bus=more"), *CARDS)


@dataclass(frozen=True)
class Lesson:
    """Something that goes wrong, and the way out.

    spoil, mend   what is typed; mend only what the pages have, or an edit
    append        words on the kernel command line, which are what is wrong
    devices       the machine from then on
    shows         commands of the page that are typed to find out, each with words of the page that
                  are in what they print
    suites        where it can go wrong so
    """

    name: str
    shows: Sequence[tuple[str, str]]
    spoil: Sequence[str] = ()
    mend: Sequence[str] = ()
    append: Sequence[str] = ()
    devices: Optional[Sequence[str]] = None
    suites: Sequence[str] = ("trixie", "bookworm")


def edit(*rules: str) -> str:
    """Return what an editor does: the config has these rules only."""
    return f"printf '%s\\n' {' '.join(repr(rule) for rule in rules)} >{CONFIG}"


GOOD = f"path=00:04.0/00.0 id={top.GPU_ID} with=slot"
BUILT_IN = f"{MOVED} id=1af4:1041"
STATUS, CHECK = "sudo vfio-early status", "sudo vfio-early check"
LOG = "sudo dmesg | grep vfio-early"
LESSONS = (
    Lesson("typo",
           spoil=[edit(f"{CARD} wiht=slot"), REBUILD],
           shows=[(REBUILD, "unknown term; expected an address"),
                  (STATUS, "unknown term; expected"),
                  ("vfio-early check", "unknown term; expected an address")],
           mend=[edit(f"{CARD} id={top.GPU_ID} with=slot"), REBUILD]),
    Lesson("not-rebuilt",
           spoil=[edit(GOOD, "07:00.0 id=1b36:000d")],
           shows=[(STATUS, "not asked for at the last boot"),
                  ("sudo vfio-early check --quiet", "is not the one on the disk")],
           mend=["@behind >"]),
    Lesson("root-disk",
           spoil=[edit(GOOD, "01:00.0 id=1b36:0010"), REBUILD],
           shows=[(STATUS, "refused, "), (LOG, "root-disk")],
           mend=[edit(GOOD), REBUILD]),
    # Bookworm's kernel has that driver as a module, which comes too late.
    Lesson("bound", suites=("trixie",),
           spoil=[edit(GOOD, f"{BUILT_IN} unbind=never"), REBUILD],
           shows=[(STATUS, "refused, "), (LOG, "built into the kernel")],
           mend=[edit(GOOD, f"{BUILT_IN} unbind=always"), REBUILD]),
    Lesson("no-iommu", append=["intel_iommu=off"],
           spoil=[edit(GOOD), REBUILD],
           shows=[(LOG, "refused, no-iommu"),
                  (LOG, "on the kernel command line switches it off: take that out"),
                  ("ls /sys/class/iommu", ""),
                  (CHECK, "intel_iommu=off")]),
    Lesson("rival", append=[f"vfio-pci.ids={top.GPU_ID}"],
           shows=[(CHECK, "it takes every device with these ids")]),
    Lesson("address",
           spoil=[edit(f"{CARD} id={top.GPU_ID}"), REBUILD], devices=RENUMBERED,
           shows=[(LOG, "refused, identity"), ("vfio-early list", "")],
           mend=[f"sed -i 's/^/# /' {CONFIG}", f"sudo vfio-early add {MOVED} --with=slot",
                 REBUILD]),
)

# What the pages have besides, and cannot be typed on the machines of captures.
AT_LAST = ("lspci -nnk", "sudo cat /proc/iomem", "sudo journalctl -b -1 -k -g vfio-early")


@dataclass
class Newcomer:
    """One person at one host; everything that is typed and said is in the transcript."""

    host: hosts.Host
    transcript: Path
    wrong: list[str] = field(default_factory=list)

    def type(self, command: str) -> tuple[int, str]:
        """Type a command, and return how it ends and what it says."""
        done = self.host.run(f"export COLUMNS=200 NO_COLOR=1 DEBIAN_FRONTEND=noninteractive; "
                             f"cd /root; {command}")
        with self.transcript.open("a", encoding="utf-8") as page:
            page.write(f"$ {command}\n{done.stdout}[{done.returncode}]\n\n")
        return done.returncode, done.stdout

    def reboot(self) -> None:
        """Reboot, into whatever there is."""
        with self.transcript.open("a", encoding="utf-8") as page:
            page.write(f"=== reboot: {' '.join(self.host.append)}\n\n")
        self.host.reboot()

    def well(self, when: str) -> None:
        """Expect that nothing differs, that check is silent, and that the card is on vfio-pci."""
        (_, status), (_, check) = self.type(f"{STATUS} || echo differs"), self.type(
            f"{CHECK} --quiet")
        if "differs" in status or " vfio-pci " not in status:
            self.wrong.append(f"{when}: status says: {status}")
        if check.strip():
            self.wrong.append(f"{when}: check says: {check}")


def typed_of(*names: str) -> set[str]:
    """Return the commands of pages, with every address the same."""
    return {ADDRESS.sub("@", command) for name in names
            for block in pages.blocks((TOP / name).read_text(encoding="utf-8"))
            if block.language == "sh" for command in pages.commands(block.text)}


def learn(person: Newcomer, lesson: Lesson, page: str, known: set[str]) -> None:
    """Spoil, reboot, find out, mend, reboot."""
    host = person.host
    with person.transcript.open("a", encoding="utf-8") as transcript:
        transcript.write(f"##### {lesson.name}\n\n")
    for command in lesson.spoil:
        person.type(command)
    host.append[:] = lesson.append
    host.devices = lesson.devices or USUAL
    person.reboot()
    said = ""
    for command, words in lesson.shows:
        _, said = person.type(command)
        flat = " ".join(re.sub(r"\s+- ", " ", said).split())
        if words not in flat or words not in page:
            person.wrong.append(f"{lesson.name}: {words!r} is not in the page, or {command} says "
                                f"{said}")
        if ADDRESS.sub("@", command) not in known:
            person.wrong.append(f"{lesson.name}: no page has {command}")
    for command in lesson.mend:
        if command == "@behind >":
            command = said.partition("> ")[2].partition("\n")[0] or "false"
        elif command.startswith("sudo ") and ADDRESS.sub("@", command) not in known:
            person.wrong.append(f"{lesson.name}: no page has {command}")
        status, said = person.type(command)
        if status:
            person.wrong.append(f"{lesson.name}: {command} ends with {status}: {said[-300:]}")
    host.append.clear()
    person.reboot()
    person.well(lesson.name)


def trial(suite: str, keep: Path, lessons: Sequence[Lesson] = LESSONS) -> list[str]:
    """Install, configure, reboot; then the lessons."""
    package = debian.package(suite, debian.QUICK).deb
    page = (TOP / "docs/troubleshooting.md").read_text(encoding="utf-8")
    known = typed_of("docs/troubleshooting.md", "docs/debian.md")
    transcript = keep / f"newcomer-{suite}.txt"
    transcript.write_text("", encoding="utf-8")
    with hosts.host(f"newcomer-{suite}", suite, "initramfs-tools", keep, devices=USUAL) as host:
        person = Newcomer(host, transcript)
        host.put(package, f"/root/{package.name}")
        for command in (f"sudo apt install -y ./{package.name}", "vfio-early list",
                        f"sudo vfio-early add {CARD} --with=slot", REBUILD,
                        "sudo vfio-early check --quiet"):
            status, said = person.type(command)
            if status:
                return [f"{command} ends with {status}: {said[-600:]}"]
        person.reboot()
        person.well("at first")
        for lesson in lessons:
            if suite in lesson.suites and len(person.wrong) < 4:
                learn(person, lesson, page, known)
        for command in AT_LAST:
            if person.type(command)[0]:
                person.wrong.append(f"{command} fails")
    return person.wrong
