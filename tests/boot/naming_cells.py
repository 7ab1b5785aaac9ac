# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots in which devices are named in every way there is, and the groups they are in."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Sequence

import topologies as top
import viable
from cells import (AUDIO, BEHIND_BRIDGE, BOOKWORM, EVERY, GPU1, GPU2, STABLE, TRIXIE, Cell,
                   Check, all_of, bound, in_one, kernel_release, kernel_says, on, over, refused)
from scenarios import OLD_KERNEL
from topologies import GPU, NIC, Topology, address, device, root_port, slot
from verdict import Verdict


def card(number: int, *functions: str) -> tuple[str, ...]:
    """A graphics card with a sound function that has something to play on, and more."""
    name = f"hda{number}"
    return (*slot(number, functions[0], f"ich9-intel-hda,id={name}", *functions[1:]),
            *device(f"hda-output,bus={name}.0,audiodev=sound"))


# The firmware sets this mode on the first display that it has a ROM for; its native driver
# has another name in every suite.
FIRMWARE_MODE = "vga=0x317"
CARDS = Topology(
    "cards",
    ("-audiodev", "none,id=sound", *card(1, "cirrus-vga"), *card(2, GPU, "qemu-xhci"), *card(3, GPU),
     *slot(4, NIC)),
    {**{address(bus): "bochs-drm" for bus in (2, 3)},
     **{address(bus, 0, 1): "snd_hda_intel" for bus in (1, 2, 3)},
     address(2, 0, 2): "xhci_hcd", address(4): "e1000e"})
CARD2 = [address(2, 0, function) for function in range(3)]
CARD3 = [address(3, 0, function) for function in range(2)]

# The same two cards at the same ports while the buses below them get other numbers.
CARDS_HERE = (*root_port(4), *device(f"{GPU},bus=rp4"), *root_port(5), *device(f"{NIC},bus=rp5"))


def switch(downstream: int) -> tuple[str, ...]:
    ports = (device(f"xio3130-downstream,id=down{n},bus=up,addr={n},chassis={10 + n},"
                    f"slot={10 + n}") for n in range(downstream))
    return (*slot(1, "x3130-upstream,id=up"), *(word for port in ports for word in port))


BEFORE = Topology("renumbered-0", (*slot(1, NIC), *CARDS_HERE),
                  {address(1): "e1000e", address(2): "bochs-drm", address(3): "e1000e"})
SWITCH_BELOW = Topology("renumbered-1", (*switch(2), *CARDS_HERE),
                        {address(5): "bochs-drm", address(6): "e1000e"},
                        bridges=(address(1), address(2), address(2, 1)))
CARD_BELOW = Topology(
    "renumbered-2",
    (*slot(1, NIC), *slot(2, "pcie-pci-bridge,id=pci"), *device("qemu-xhci,bus=pci,addr=1"),
     *slot(3, NIC), *CARDS_HERE),
    {address(1): "e1000e", address(3, 1): "xhci_hcd", address(4): "e1000e",
     address(5): "bochs-drm", address(6): "e1000e"}, bridges=(address(2),))

# Of one make, told apart by what stands in their extended capabilities, or by who sells them.
NICS = Topology(
    "serial",
    (*slot(1, f"{NIC},mac=52:54:00:aa:00:01"),
     *slot(2, f"{NIC},mac=52:54:00:aa:00:02,subsys_ven=0x1043,subsys=0x8554")),
    {address(1): "e1000e", address(2): "e1000e"})
SERIAL = "52-54-00-ff-ff-aa-00-02"

SATA_HERE, LPC, SMBUS = "0000:00:1f.2", "0000:00:1f.0", "0000:00:1f.3"

# What a driver may be bound to in a group that a virtual machine uses.
HARMLESS = (None, "vfio-pci", "pci-stub", "pcieport")


def viability(groups: int) -> Check:
    """Our notices name the members that the kernel minds, and no others."""
    def check(verdict: Verdict) -> list[str]:
        wrong = [] if len(verdict.viable) == groups else [f"groups: {verdict.viable}"]
        for group, answer in verdict.viable.items():
            named = {line.split(" ")[0] for line in verdict.log
                     if re.search(rf"stays with the host.*IOMMU group {group}\b", line)}
            minded = {f.address for f in verdict.functions.values()
                      if f.group == group and f.driver not in HARMLESS}
            if answer != ("no" if minded else "yes"):
                wrong.append(f"group {group}: the kernel says {answer}; bound: {minded}")
            if named != minded:
                wrong.append(f"group {group}: named {named}, not {minded}")
        return wrong
    return check


def kept_awake(verdict: Verdict) -> list[str]:
    power = verdict.functions[GPU1].power, verdict.functions[GPU2].power
    return [] if power == ("on", "auto") else [f"power/control is {power}"]


def wiki(name: str, config: str, taken: Sequence[str], suites: Sequence[str] = STABLE,
         **more: object) -> Cell:
    return Cell(f"wiki-{name}", CARDS, config.encode(), on(*taken), [bound(a) for a in taken],
                suites=suites, **more)  # type: ignore[arg-type]


def renumbered(topology: Topology, form: str, config: bytes, taken: Sequence[str] = (),
               log: Sequence[str] = ()) -> Cell:
    return Cell(f"{topology.name}-{form}", topology, config, on(*taken), log,
                suites=[TRIXIE])


def group(name: str, topology: Topology, config: str, taken: Sequence[str], groups: int = 1,
          log: Sequence[str] = (), suites: Sequence[str] = EVERY,
          append: Sequence[str] = ()) -> Cell:
    return Cell(f"viable-{name}", topology, config.encode(), on(*taken), log, append=append,
                suites=suites,
                check=viability(groups), files=viable.files())


PATH = b"path=00:04.0/00.0 id=1234:1111 allow=last-display\n"
ADDRESS = b"02:00.0 id=1234:1111 allow=last-display\n"
ALL_BUT_BOOT = "class=display boot-display=no with=slot"

WIKI = (
    wiki("all-but-boot", f"{ALL_BUT_BOOT}\n", CARD2 + CARD3, append=[FIRMWARE_MODE],
         check=kernel_says("vesafb: mode is")),
    # A text screen: there is no framebuffer, and boot_vga is all there is.
    wiki("all-but-boot-text", f"{ALL_BUT_BOOT}\n", CARD2 + CARD3, suites=[TRIXIE]),
    wiki("selected", "path=00:03.0/00.0 id=1234:1111 with=slot\n", CARD3),
    wiki("group", "group=02:00.0\n", CARD2),
    wiki("command-line", "", CARD2 + CARD3, suites=[TRIXIE],
         append=["vfio_early.take=class=display,boot-display=no,with=slot"]),
)

NAMES = (
    Cell("class-usb", CARDS, b"class=0c03\n", on(address(2, 0, 2)), suites=[TRIXIE]),
    Cell("serial", NICS, f"serial={SERIAL}\n".encode(), on(address(2)), suites=EVERY),
    Cell("id-subsystem", NICS, b"id=8086:10d3:1043:*\n", on(address(2)), suites=[TRIXIE]),
    Cell("d3-off", top.TWIN_GPUS, b"01:00.0 d3=off allow=last-display\n02:00.0 allow=last-display\n",
         on(GPU1, GPU2),
         check=kept_awake, suites=EVERY),
)

RENUMBERED = tuple(
    cell for topology, there in ((BEFORE, address(2)), (SWITCH_BELOW, address(5)),
                                 (CARD_BELOW, address(5)))
    for cell in (
        renumbered(topology, "path", PATH, [there]),
        renumbered(topology, "address", ADDRESS, [there] if topology is BEFORE else (),
                   () if topology is BEFORE else [refused(address(2), "(identity|bridge)")])))

# Everything a config can say, in an image that has none.
COMMAND_LINE = (
    Cell("no-config", CARDS, None, on(*CARD2, address(3), address(4)), suites=[TRIXIE],
         append=["vfio_early.take=02:00.0,id=1234:1111,with=slot,unbind=safe",
                 '"vfio_early.take=path=00:03.0/00.0 id=1234:1111:*:* with=group"',
                 'vfio-early.take="id=8086:10d3,driver=vfio-pci,allow=network+no-iommu"',
                 "vfio_early.keep=03:00.1"]),
    Cell("no-config-bad", top.TWIN_GPUS, None, on(GPU2), suites=[TRIXIE],
         log=[r"^kernel command line: \"colour=red\": unknown term"],
         append=["vfio_early.take=01:00.0,colour=red", "vfio_early.take=02:00.0"]),
    # Each in the form that a line of a file has, its blanks being commas: lists, too.
    Cell("no-config-terms", CARDS, None, on(*CARD2[:1], *CARD2[2:], *CARD3[:1], address(4)),
         suites=[TRIXIE], log=[rf"^{CARD2[0]} .*other options than .*the first rule wins"],
         append=[
             "vfio_early.take=class=display,boot-display=no,allow=storage,last-display,d3=off,"
             "framebuffer=leave",
             "vfio_early.take=group=04:00.0,id=8086:*,allow=no-iommu,network,unbind=safe",
             '"vfio_early.take=path=00:02.0/00.2 allow=keyboard,root-disk with=slot"',
             "vfio_early.keep=class=audio"]),
    # A term has 256 bytes at most, and one is lost; what comes after is not.
    Cell("no-config-limits", top.TWIN_GPUS, None, on(GPU2), suites=[TRIXIE],
         log=[r"^kernel command line: .*term of 3\d\d bytes; expected at most 256"],
         append=["vfio_early.take=01:00.0,driver=" + "d" * 300, "vfio_early.take=02:00.0"]),
    # COMMAND_LINE_SIZE is 2048 here: rules up to its end count.
    Cell("no-config-long", top.TWIN_GPUS, None, on(GPU1, GPU2), suites=[TRIXIE],
         append=[*(f"vfio_early.keep={bus:02x}:00.0" for bus in range(0x10, 0x48)),
                 "vfio_early.take=id=1234:1111,allow=last-display"]),
)

# One place, one bus number, and another number for its group: a device on the root bus comes
# first. Groups are numbered in the order in which devices are found.
GROUPED = Topology("grouped", CARDS_HERE, {address(1): "bochs-drm", address(2): "e1000e"})
GROUPED_LATER = Topology("grouped-later", (*device("pci-testdev,addr=2.0"), *CARDS_HERE),
                         GROUPED.native)

# Two ports of one slot: with ACS what is behind each of them is a group of its own, and without
# it all of that is one group.
def ports(name: str, option: str) -> Topology:
    port = "pcie-root-port,id=rp{0},chassis={0},slot={0},addr=4.{1}{2}" + option
    return Topology(f"ports-{name}",
                    (*device(port.format(1, 0, ",multifunction=on")), *device(port.format(2, 1, "")),
                     *device(f"{GPU},bus=rp1"), *device(f"{NIC},bus=rp2")),
                    {address(1): "bochs-drm", address(2): "e1000e"})


SPLIT, UNSPLIT = ports("split", ""), ports("unsplit", ",disable-acs=on")


def group_number(number: int) -> Check:
    def check(verdict: Verdict) -> list[str]:
        group = verdict.functions[GPU1].group
        return [] if group == number else [f"the display is in group {group}, not {number}"]
    return check


def moved(name: str, topology: Topology, config: str, taken: Sequence[str], number: int,
          log: Sequence[str] = ()) -> Cell:
    return Cell(f"moved-group-{name}", topology, f"{config} allow=last-display\n".encode(),
                on(*taken), log, check=group_number(number))


MOVED = (
    moved("before", GROUPED, "group=4 id=1234:1111", [GPU1], 4),
    # Group 4 is the board's now.
    moved("number", GROUPED_LATER, "group=4 id=1234:1111", [], 5,
          [rf"matches nothing: in IOMMU group 4 there is only {SATA_HERE} \[8086:2922\]; "
           rf"{GPU1} is in group 5 \("]),
    moved("address", GROUPED_LATER, "group=01:00.0 id=1234:1111", [GPU1], 5),
    moved("path", GROUPED_LATER, "path=00:04.0/00.0 id=1234:1111 with=group", [GPU1], 5),
)

GROUPS = (
    group("split", SPLIT, "group=01:00.0 allow=last-display\n", [GPU1]),
    group("unsplit", UNSPLIT, "01:00.0 allow=last-display\n", [GPU1],
          log=[rf"^{GPU2} .*stays with the host"]),
    # The host boots over a network card, and nothing says over which.
    group("guarded", UNSPLIT, "01:00.0 with=group allow=last-display\n", [GPU1],
          log=[refused(GPU2, "network"), rf"^{GPU2} .*stays with the host.*it was refused"],
          suites=[TRIXIE], append=["root=/dev/nfs"]),
    group("unsplit-all", UNSPLIT, "group=01:00.0 allow=last-display,network\n", [GPU1, GPU2],
          suites=[TRIXIE]),
    group("one-member", top.GROUP_BRIDGE, "02:02.0 allow=last-display\n", BEHIND_BRIDGE[1:],
          log=[rf"^{BEHIND_BRIDGE[0]} .*stays with the host"]),
    group("all-members", top.GROUP_BRIDGE, "02:02.0 with=group allow=last-display\n", BEHIND_BRIDGE),
    group("slot", top.GPU_AUDIO, "01:00.1\n02:00.0\n", [AUDIO, GPU2], groups=2),
    group("kept", top.GPU_AUDIO, "01:00.0 with=group\nkeep 01:00.1\n", [GPU1],
          log=[rf"^{AUDIO} .*stays with the host.*keep rule"], suites=[TRIXIE]),
    # The board's own functions, of which two are never taken.
    group("board", top.TWIN_GPUS, "00:1f.2 with=group allow=storage+root-disk\n", [SATA_HERE],
          suites=[BOOKWORM, TRIXIE]),
)

def on_old_kernel(cell: Cell) -> Cell:
    """Linux 5.10 has rules of its own for what spoils a group (vfio_dev_viable())."""
    assert cell.check
    return replace(cell, kernel=OLD_KERNEL, suites=[TRIXIE],
                   check=all_of(cell.check, kernel_release("5.10.")))


GROUPS_OLD = tuple(on_old_kernel(cell) for cell in GROUPS if cell.name in (
    "viable-unsplit", "viable-one-member", "viable-all-members", "viable-slot"))

ALL: tuple[Cell, ...] = in_one(
    TRIXIE, *over(*WIKI, *NAMES, *RENUMBERED, *MOVED, *COMMAND_LINE, *GROUPS, *GROUPS_OLD))
