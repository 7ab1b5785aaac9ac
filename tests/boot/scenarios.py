# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to hold whatever builds the image: each scenario crossed with each column.

A column is a generator in a suite with a kernel. Every cell here is on WORKSTATION, so that
a column has one baseline, the same without vfio-early. `unbind=never` makes a hook
that comes after a native driver a refusal, and with that a failed cell.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Mapping, Optional, Sequence, Union

import generators
import topologies as top
from cells import (BOOKWORM, EVERY, SID, STABLE, TRIXIE, Cell, bound, kernel_says, loaded,
                   on)
from topologies import Topology, address

GPU, AUDIO, TWIN = address(1), address(1, 0, 1), address(2)
GROUP_USB, GROUP_GPU = address(4, 1), address(4, 2)
NIC, USB, NVME = address(5), address(6), address(7)

# Of WHOLE: the neighbour of the disk's controller; a display, network and USB.
SATA, REST_OF_WHOLE = address(2), (address(3), address(5), address(6))

NATIVES = ("bochs", "e1000e", "xhci_pci", "nvme")


@dataclass(frozen=True)
class Scenario:
    """What is tried, and what comes of it; forced: drivers that the image is to load early.

    more: other fields of the cell.
    """

    name: str
    config: Union[None, bytes, str]
    taken: Sequence[str] = ()
    log: Sequence[str] = ()
    forced: Sequence[str] = ()
    more: Mapping[str, object] = field(default_factory=dict)
    topology: Topology = top.WORKSTATION
    suites: Sequence[str] = EVERY


USUAL = ("two-gpus", "forced", "slot", "group", "garbage", "hung", "off", "login")


@dataclass(frozen=True)
class Column:
    """Where scenarios are tried, and which."""

    generator: str
    suites: Sequence[str] = EVERY
    kernel: Union[str, tuple[str, str]] = "distribution"
    names: Sequence[str] = USUAL


def lines(*addresses: str, option: str = " unbind=never") -> bytes:
    return "".join(f"{a[5:]}{option}\n" for a in addresses).encode()


# Built where there is no host, an image does not know what that boots from, or over.
ALLOWED = " unbind=never allow=storage,network"
EACH_KIND = lines(TWIN, USB) + lines(NIC, NVME, option=ALLOWED)

SCENARIOS = (
    # What the rules say has nothing to do with the suite: slot, group and garbage are in one.
    # Of three displays of one kind, the one in the middle.
    Scenario("two-gpus", b"02:00.0 id=1234:1111 unbind=never\n", [TWIN]),
    Scenario("forced", EACH_KIND, [TWIN, NIC, USB, NVME], forced=NATIVES),
    Scenario("slot", b"01:00.0 with=slot unbind=never\n", [GPU, AUDIO],
             suites=[TRIXIE]),
    Scenario("group", b"group=04:01.0 unbind=never\n", [GROUP_USB, GROUP_GPU],
             suites=[TRIXIE]),
    Scenario("garbage", random.Random(2).randbytes(4096) + b"\n" + lines(TWIN), [TWIN],
             [r"vfio-early\.conf:\d+:\d+"], suites=[TRIXIE]),
    Scenario("hung", b"02:00.0 driver=vfio-hang unbind=never\n" + lines(NIC, option=ALLOWED), [NIC],
             [r"loading module vfio[-_]hang", rf"^{TWIN} .*failed"],
             more={"hang": True, "absent": [rf"^{TWIN} .*already bound"], "unread": [TWIN],
                   # It was really there, in its probe; and all this did not keep the boot.
                   "check": kernel_says(f"vfio-hang {TWIN}: vfio-test: this probe never"),
                   "append": ["vfio_test=hung", f"vfio_test.unread={TWIN}"]}),
    Scenario("off", b"id=1234:*\nclass=02\n01:00.* unbind=always\n",
             more={"append": ["vfio_early=off"], "summary": False}),
    # The drivers are part of the kernel, and were there before any program.
    Scenario("built-in", lines(NIC, USB, option=" allow=network"), [NIC, USB],
             more={"append": ["intel_iommu=on"]}),
    # To the login prompt, from a disk whose controller has a neighbour of its kind.
    Scenario("login", lines(SATA, *REST_OF_WHOLE, option=ALLOWED),
             [SATA, *REST_OF_WHOLE],
             topology=top.WHOLE, suites=STABLE,
             more={"whole": True, "check": loaded("bochs", "e1000e", "xhci_pci", "ahci")}),
)

BUSYBOX_AND_SYSTEMD = ("busybox", "systemd")
MKINITCPIO = [f"{tool}-{kind}" for tool in ("mkinitcpio", "mkinitcpio-standin")
              for kind in BUSYBOX_AND_SYSTEMD]
OLD_KERNEL = ("suite", "bullseye")
OLD_NAMES = {"bochs": "bochs_drm"}  # as 5.10 calls its modules
IN_OTHER_SUITES = ("two-gpus", "forced", "off", "login")
ON_OLD_KERNEL = ("two-gpus", "forced", "off")
COLUMNS = (
    Column("initramfs-tools"),
    Column("dracut", [TRIXIE]),
    Column("dracut-no-systemd", [TRIXIE]),
    *(Column(name, [BOOKWORM, SID], names=IN_OTHER_SUITES)
      for name in ("dracut", "dracut-no-systemd")),
    *(Column(name, [TRIXIE]) for name in MKINITCPIO),
    *(Column(f"standalone-{name}", [TRIXIE]) for name in ("initramfs-tools", "dracut")),
    *(Column(name, [BOOKWORM], OLD_KERNEL, ON_OLD_KERNEL)
      for name in ("initramfs-tools", "dracut")),
    *(Column(name, [TRIXIE], "small", ["built-in"])
      for name in ("initramfs-tools", "dracut", "dracut-no-systemd", *MKINITCPIO)),
)


def crossing(scenario: Scenario, column: Column) -> Cell:
    """The cell of a scenario in a column."""
    given: dict[str, object] = {"absent": ["too late"], **scenario.more}
    if scenario.forced:
        renamed = OLD_NAMES if column.kernel == OLD_KERNEL else {}
        names = [renamed.get(name, name) for name in scenario.forced]
        given.update(generators.named(column.generator).force(names), check=loaded(*names))
    return Cell(scenario.name, scenario.topology, scenario.config, on(*scenario.taken),
                [*scenario.log, *(bound(a) for a in scenario.taken)],
                generator=column.generator,
                suites=[s for s in column.suites if s in scenario.suites],
                kernel=column.kernel, **given)  # type: ignore[arg-type]


def possible(scenario: Scenario, column: Column) -> bool:
    """Whether the column has the scenario at all."""
    switches = generators.named(column.generator).switches
    return scenario.name in column.names and (switches or not scenario.more.get("whole"))


ALL: tuple[Cell, ...] = tuple(crossing(scenario, column) for column in COLUMNS
                              for scenario in SCENARIOS if possible(scenario, column))
NAMES = tuple(scenario.name for scenario in SCENARIOS)
