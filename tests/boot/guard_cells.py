# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each guard over what the host needs: a rule asks for it, and the device stays with its
native driver; the same rule with allow=, and it is taken. And what must not be refused.

Config and facts are put over one image after it was built, as if it had been built on a host
where that was so. needs_cells.py shows how real ones come about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Sequence

import topologies as top
from cells import (EVERY, GPU, GPU1, GPU2, NIC, NVME, SATA, STABLE, TRIXIE, XHCI, Cell, bound,
                   in_one, on, refused)
from overlay import Contents
from topologies import Topology

PORT = "1b36:000c,060400"
# Device N of a topology is alone behind root port N.
IDENTITY = {NIC: "8086:10d3,020000", XHCI: "1b36:000d,0c0330", SATA: "8086:2922,010601",
            NVME: "1b36:0010,010802", GPU: "1234:1111,038000"}
FACTS = "/etc/vfio-early.facts"
DISK = "carries / (UUID=5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f)"
SWAP = "carries swap (UUID=0b7c3b7e-0000-4c55-9d1e-6a7b8c9d0e1f)"
KEYBOARD = "carries the keyboard QEMU QEMU USB Keyboard"
ROUTE = "carries the default route (eth0)"
# No PS/2 keyboard, as on most boards of today.
USB_ONLY = replace(top.MACHINE, name="machine-usb", machine="i8042=off")


def need(kind: str, words: str, where: str = "", identity: str = "") -> str:
    """One line of the facts."""
    line = f"need kind={kind} words={words.replace(' ', '%20')}"
    if where:
        port = f"00:{where[5:7]}.0"
        line += f" function={port},{PORT} function={port}/00.0,{identity or IDENTITY[where]}"
    return line + "\n"


def facts(*needs: str, root: str = "found") -> bytes:
    return (f"vfio-early-facts 1\nversion=0.1.0 made=1 config=0 root={root} why=as%20told "
            f"keyboards=known network=known\n{''.join(needs)}").encode()


def guard(name: str, config: str, told: Optional[Contents] = None,
          taken: Sequence[str] = (), log: Sequence[str] = (), *append: str,
          topology: Topology = top.MACHINE, suites: Sequence[str] = STABLE) -> Cell:
    return Cell(f"guard-{name}", topology, config.encode(), on(*taken),
                [*log, *(bound(a) for a in taken)], append=append, suites=suites, over=True,
                overlay={} if told is None else {FACTS: told})


def both(name: str, where: str, word: str, words: str, told: Optional[bytes], *append: str,
         topology: Topology = top.MACHINE, suites: Sequence[str] = STABLE) -> tuple[Cell, Cell]:
    """The rule, refused in these words, and with allow=."""
    rule = where[5:]
    said = (refused(where, word) + rf": {words}protected, taken only with allow={word} "
            r"\(/etc/vfio-early\.conf:1\)$")
    return (guard(name, f"{rule}\n", told, (), [said], *append, topology=topology,
                  suites=suites),
            guard(f"{name}-allowed", f"{rule} allow={word}\n", told, [where], (), *append,
                  topology=topology, suites=suites))


def text(words: str) -> str:
    return words.replace("(", r"\(").replace(")", r"\)") + "; "


ON_NVME = facts(need("root", DISK, NVME))
ON_SATA = facts(need("root", DISK, SATA))

ALL: tuple[Cell, ...] = in_one(
    TRIXIE,
    *both("root-disk", NVME, "root-disk", text(DISK), ON_NVME, suites=EVERY),
    *both("swap", NVME, "root-disk", text(SWAP),
          facts(need("root", DISK, SATA), need("disk", SWAP, NVME))),
    # A disk on USB: its controller is not of the class of storage.
    *both("root-on-usb", XHCI, "root-disk", text(DISK), facts(need("root", DISK, XHCI))),
    *both("storage", NVME, "storage", "it is not known what the host boots from: "
          "root=/dev/vfio-test is not there yet; ", None),
    *both("storage-undetermined", SATA, "storage", "it is not known .*: when the image was built: as told; ",
          facts(root="unknown"), "root="),
    # The facts are of a drive that is not there any more: it may be any other.
    guard("facts-of-another", "04:00.0\n03:00.0\n",
          facts(need("root", DISK, NVME, "144d:a808,010802")), (),
          [refused(NVME, "storage") + ".*was built is not there",
           refused(SATA, "storage")]),
    # The root is known, and the drive is none of its disks: nothing to consent to.
    guard("storage-of-no-need", "04:00.0\n", ON_SATA, [NVME]),
    # root= names another root than the one that the facts know.
    guard("facts-of-another-root", "04:00.0\n",
          ON_SATA + b"root kind=UUID name=5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f\n", (),
          [refused(NVME, "storage")], "root=UUID=00000000-0000-0000-0000-000000000000"),
    guard("facts-of-this-root", "04:00.0\n",
          ON_SATA + b"root kind=UUID name=5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f\n", [NVME],
          (), "root=UUID=5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f"),
    # Whoever can write the facts could take the disk of the root away.
    guard("facts-writable", "04:00.0\n", (0o666, ON_SATA), (),
          [r"/etc/vfio-early\.facts can be changed by others than root.*rebuild the image",
           refused(NVME, "storage")]),
    guard("facts-broken", "04:00.0\n02:00.0\n", ON_SATA[:-1], [XHCI],
          [r"/etc/vfio-early\.facts:\d+ is not what --facts writes", refused(NVME, "storage")]),
    *both("keyboard", XHCI, "keyboard",
          text(KEYBOARD)[:-2] + ", and the host would have no other; ",
          facts(need("keyboard", KEYBOARD, XHCI)), topology=USB_ONLY),
    guard("keyboard-second", "02:00.0\n",
          facts(need("keyboard", KEYBOARD, XHCI), need("keyboard", "carries AT")), [XHCI]),
    *both("network", NIC, "network", text(ROUTE), facts(need("network", ROUTE, NIC))),
    *both("network-root", NIC, "network", "/ comes over the network, .*; ", None,
          "root=/dev/nfs"),
    *both("network-undetermined", NIC, "network", "it is not known whether .*; ", None,
          "root="),
    guard("network-of-no-need", "01:00.0\n", ON_SATA, [NIC]),
    *both("last-display", GPU, "last-display", "the host would have no display left; ", None),
    guard("last-display-of-two", "id=1234:1111\n", None, [GPU2],
          [refused(GPU1, "last-display")], topology=top.TWIN_GPUS),
)
