# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real layered disks: what the image facts say about each, and that they keep the host's own.

A cell boots three times with one image. In the first boot guest/layers makes the disks, goes
over to the root file system on them and prints the facts. In the second the image holds
these facts and a config that asks for every controller: those that carry something stay on
their native drivers. In the third the same rules have allow=, and all of them are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping, Sequence
from urllib.parse import unquote

import verdict as verdicts
from cells import TRIXIE, Cell, bound, on, refused
from topologies import Topology, address, device, slot

UUID = "5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f"
FACTS = re.compile(r"@vfio-facts-begin\r?\n(.*?)@vfio-facts-end (\d+)", re.DOTALL)
FORESEEN = re.compile(r"@vfio-foreseen-begin (\S+)\n(.*?)@vfio-foreseen-end", re.DOTALL)
FUNCTION = re.compile(r"function=([^,]+),([0-9a-f:]+),([0-9a-f]{6})")
UNIT = r"UUID=[0-9a-f-]{36}"
ROOT = rf"carries / \(UUID={UUID}\)"
GUARD = {"root": "root-disk", "disk": "root-disk", "network": "network",
         "keyboard": "keyboard"}


def blank(name: str) -> tuple[str, str]:
    return ("-drive", f"if=none,id={name},format=raw,snapshot=on,file=@blank-disk@")


def nvme(port: int, name: str) -> tuple[str, ...]:
    return (*blank(name), *slot(port, f"nvme,serial={name},drive={name}"))


def sata(port: int, name: str) -> tuple[str, ...]:
    return (*slot(port, f"ich9-ahci,id=hba{port}"), *blank(name),
            *device(f"ide-hd,bus=hba{port}.0,drive={name}"))


ONE, TWO, THREE = address(1), address(2), address(3)


def spare(port: int) -> tuple[str, ...]:
    return (*slot(port, "nvme,serial=spare,drive=spare"), "-blockdev",
            "driver=null-co,size=67108864,read-zeroes=on,node-name=spare")


NVMES = Topology("layers-nvmes", (*nvme(1, "one"), *nvme(2, "two"), *spare(3)),
                 {ONE: "nvme", TWO: "nvme", THREE: "nvme"})
MIXED = Topology("layers-mixed", (*nvme(1, "one"), *sata(2, "two"), *spare(3)),
                 {ONE: "nvme", TWO: "ahci", THREE: "nvme"})
SUBSYSTEM = Topology(
    "layers-multipath",
    (*device("nvme-subsys,id=subsys0"), *slot(1, "nvme,serial=one,subsys=subsys0,id=ctrl0"),
     *blank("one"), *device("nvme-ns,drive=one,bus=ctrl0,shared=on"), *spare(2)),
    {ONE: "nvme", TWO: "nvme"}, append=("nvme_core.multipath=Y",))
USB = Topology(
    "layers-usb",
    (*slot(1, "qemu-xhci,id=usb"), *blank("one"), *device("usb-storage,bus=usb.0,drive=one"),
     *device("usb-kbd,bus=usb.0"), *slot(2, "e1000e"), *slot(3, "qemu-xhci,id=usb2")),
    {ONE: "xhci_hcd", TWO: "e1000e", THREE: "xhci_hcd"}, machine="i8042=off")


@dataclass(frozen=True)
class NeedsCell:
    """kind: a word of guest/layers. needs: address -> patterns of what it carries, all of it."""

    name: str
    kind: str
    topology: Topology
    needs: Mapping[str, Sequence[str]]
    place: str = "found"
    spare: Sequence[str] = (THREE,)
    suites: Sequence[str] = (TRIXIE,)
    generator: str = "layers"
    kernel: str = "distribution"
    append: Sequence[str] = field(default_factory=tuple)

    def forbidden(self, facts: str) -> Cell:
        """Return the boot in which a rule asks for everything."""
        lines = "".join(f"{a[5:]}\n" for a in self.topology.native)
        known = self.place == "found"
        taken = self.spare if known else ()
        return self._cell("forbidden", lines, facts, taken, [
            *(refused(a, GUARD[self.guard(facts, a)] if known else "storage")
              for a in self.topology.native if a not in taken),
            *(bound(a) for a in taken)])

    def allowed(self, facts: str) -> Cell:
        """Return the boot in which the same rules say that they mean it."""
        lines = "".join(f"{a[5:]} allow=root-disk,storage,network,keyboard\n"
                        for a in self.topology.native)
        taken = tuple(self.topology.native)
        return self._cell("allowed", lines, facts, taken, [bound(a) for a in taken])

    def configs(self) -> dict[str, bytes]:
        """Return the configurations of both, by the names of their boots."""
        made = (self.forbidden(""), self.allowed(""))
        return {cell.name: cell.overlay["/etc/vfio-early.conf"] for cell in made}

    def _cell(self, name: str, config: str, facts: str, taken: Sequence[str],
              log: Sequence[str]) -> Cell:
        return Cell(f"{self.name}-{name}", self.topology, None, on(*taken), log,
                    append=[f"root=UUID={UUID}"], generator=self.generator,
                    # The first boot was asked, which runs from these disks.
                    foresees_here=False,
                    overlay={"/etc/vfio-early.conf": config.encode(),
                             "/etc/vfio-early.facts": facts.encode()})

    def guard(self, facts: str, where: str) -> str:
        """Return the kind of the first need of a function, in the order of the guards."""
        kinds = {kind for kind, _, a in needs_of(facts) if a == where}
        return next((k for k in ("root", "disk", "network", "keyboard") if k in kinds), "disk")

    def wrong_facts(self, console: str) -> tuple[str, list[str]]:
        """Return the facts on the console, and what is wrong with them."""
        match = FACTS.search(console)
        if match is None:
            failed = [x for x in console.splitlines() if x.startswith("@vfio-layers-failed")]
            return "", [f"no facts on the console {' '.join(failed)}"]
        facts = match[1].replace("\r", "")
        wrong = [] if match[2] == "0" else [f"--facts ended with {match[2]}"]
        place = re.search(r" root=(\w+) ", facts)
        if place is None or place[1] != self.place:
            wrong.append(f"the root is {place and place[1]}, not {self.place}: {facts[:300]}")
        found: dict[str, list[str]] = {}
        for _, words, where in needs_of(facts):
            found.setdefault(where, []).append(words)
        for where in sorted({*found, *self.needs}):
            patterns, there = self.needs.get(where, ()), found.get(where, [])
            wrong += [f"{where} lacks /{p}/: {there}" for p in patterns
                      if not any(re.fullmatch(p, words) for words in there)]
            wrong += [f"{where or 'elsewhere'} has {words!r}" for words in there
                      if not any(re.fullmatch(p, words) for p in patterns)]
        return facts, wrong


def foreseen(console: str) -> dict[str, dict[str, str]]:
    """Return what check foresees on the running system, by the names of the boots."""
    return {name: verdicts.foreseen_in(text)
            for name, text in FORESEEN.findall(console.replace("\r", ""))}


def needs_of(facts: str) -> list[tuple[str, str, str]]:
    """Return kind, words and address of each need; "" as the address of what is not on PCI.

    In these topologies device N is alone behind root port N, so its path tells its address.
    """
    made = []
    for line in facts.splitlines():
        if not line.startswith("need "):
            continue
        kind = re.search(r"kind=(\w+)", line)
        words = re.search(r"words=(\S*)", line)
        assert kind is not None and words is not None
        functions = FUNCTION.findall(line)
        where = ""
        if functions:
            port = re.fullmatch(r"00:([0-9a-f]{2})\.0/00\.0", functions[-1][0])
            where = address(int(port[1], 16)) if port else functions[-1][0]
        made.append((kind[1], unquote(words[1]), where))
    return made


# The machine has a PS/2 keyboard but for the one without i8042.
PS2 = {"": [r"carries the keyboard AT .*"]}

ALL = (
    NeedsCell("needs-plain", "plain", NVMES, {ONE: [ROOT], **PS2}, spare=(TWO, THREE)),
    NeedsCell("needs-luks", "luks", MIXED, {
        ONE: [ROOT, rf"carries the LUKS device of cryptroot \(.*\)"],
        TWO: [rf"carries the LUKS header of cryptroot \({UNIT}\)"], **PS2}),
    NeedsCell("needs-lvm", "lvm", MIXED, {
        ONE: [ROOT, rf"carries swap \({UNIT}\)", rf"carries /boot \({UNIT}\)"], **PS2},
        spare=(TWO, THREE)),
    NeedsCell("needs-raid1", "raid1", MIXED, {ONE: [ROOT], TWO: [ROOT], **PS2}),
    NeedsCell("needs-bcache", "bcache", MIXED, {ONE: [ROOT], TWO: [ROOT], **PS2}),
    NeedsCell("needs-btrfs", "btrfs", NVMES, {ONE: [ROOT], TWO: [ROOT], **PS2}),
    NeedsCell("needs-swap", "swap", MIXED, {
        ONE: [rf"carries swap \({UNIT}\)"], TWO: [ROOT], **PS2}),
    NeedsCell("needs-multipath", "multipath", SUBSYSTEM, {ONE: [ROOT], **PS2},
              spare=(TWO,)),
    NeedsCell("needs-loop", "loop", MIXED, {TWO: [ROOT], **PS2}, spare=(ONE, THREE)),
    NeedsCell("needs-usb", "usb", USB, {
        ONE: [ROOT, r"carries the keyboard QEMU.*"],
        TWO: [r"carries the default route \(e\w+\)"]}),
    NeedsCell("needs-overlay", "overlay", NVMES, PS2, place="unknown", spare=()),
)
