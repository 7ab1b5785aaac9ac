# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots in which the firmware's picture lies in a BAR of the device that is taken.

Each shows by mapping whether a virtual machine could use the BAR: guest/vfio_map.c opens the
device through VFIO as an emulator does. What each kernel does by itself is in
src/core/framebuffer.h.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from typing import Iterator

import trials
from cells import (BOOKWORM, SID, TRIXIE, Cell, Check, Kernel, all_of, bound, kernel_release,
                   kernel_says, on, second_run)
from topologies import GPU, NIC, Topology, address, slot
from verdict import Verdict

DISPLAY, OTHER = address(1), address(2)
SCRIPTS = "etc/initramfs-tools"
HOOK = b"""#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
copy_exec /usr/lib/vfio-test/vfio-map /usr/bin/vfio-map
"""
HEADERS = ("-idirafter", "/usr/include",
           "-idirafter", f"/usr/include/{sysconfig.get_config_var('MULTIARCH') or ''}")


class MapFiles(Mapping[str, bytes]):
    """What brings vfio-map into an image; the program is compiled when an image is built."""

    NAMES = (f"{SCRIPTS}/hooks/vfio-map", f"{SCRIPTS}/scripts/init-premount/framebuffer",
             "usr/lib/vfio-test/vfio-map")

    def __getitem__(self, name: str) -> bytes:
        if name == self.NAMES[0]:
            return HOOK
        if name == self.NAMES[1]:
            return (trials.GUEST / "framebuffer").read_bytes()
        return trials.program("vfio_map.c", *HEADERS).read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.NAMES)

    def __len__(self) -> int:
        return len(self.NAMES)


# A display of class 0300, and one of 0380, which is the one that OVMF shows its picture on.
VGA = Topology("uefi-0300", (*slot(1, "VGA"), *slot(2, NIC)),
               {DISPLAY: "bochs-drm", OTHER: "e1000e"}, uefi=True)
NO_VGA = replace(VGA, name="uefi-0380", options=(*slot(1, GPU), *slot(2, NIC)))
TWO_VGA = replace(VGA, name="uefi-two", options=(*slot(1, "VGA"), *slot(2, "VGA")),
                  native={DISPLAY: "bochs-drm", OTHER: "bochs-drm"})
# SeaBIOS sets a VESA mode on this one.
VESA = Topology("vesa", (*slot(1, "cirrus-vga"), *slot(2, NIC)),
                {DISPLAY: "cirrus", OTHER: "e1000e"}, append=("vga=0x317",))


def undriven(topology: Topology, reason: str, *append: str) -> Topology:
    """The same where the display has no driver of its own in the image or the kernel."""
    return replace(topology, name=f"{topology.name}-{reason}",
                   native={**topology.native, DISPLAY: None}, append=append)


# The small kernel, its simpledrm and no driver for these displays.
NO_BOCHS = "initcall_blacklist=bochs_pci_driver_init"
SMALL_VGA = undriven(VGA, "no-bochs", NO_BOCHS)
SMALL_NO_VGA = undriven(NO_VGA, "no-bochs", NO_BOCHS)
SMALL_NO_SYSFB = undriven(NO_VGA, "no-sysfb", NO_BOCHS + ",sysfb_init")

# Release -> (Debian's kernel, the suite whose tools make the image). In 5.10 the module of
# these displays has another name than the ones that are in the images.
KERNELS: tuple[tuple[str, Kernel, str], ...] = (
    ("5.10", ("suite", "bullseye"), TRIXIE),
    ("6.1", "distribution", BOOKWORM),
    ("6.12", "distribution", TRIXIE),
    ("7.2", "distribution", SID),
)
NOTICE = rf"^{DISPLAY} .*the boot display is being taken: a prompt"
RELEASED = rf"^{DISPLAY} .*boot framebuffer, .* is released from "
LEFT = rf"^{DISPLAY} .*boot framebuffer, .* is left to efi-framebuffer\.0"
FIXED = rf"^{DISPLAY} .*boot framebuffer, .* is claimed by BOOTFB, .*sysfb_init"
ANYTHING = r"boot framebuffer"


def mapped(wanted: bool, taken: str = DISPLAY) -> Check:
    """Whether a VFIO user could map the display's memory; its registers in any case."""
    def check(verdict: Verdict) -> list[str]:
        told = verdict.report.get("map", [])
        lines = [line for line in told if line.startswith(f"{taken} region ")]
        memory = [line for line in lines if " region 0 " in line]
        words = "mapped" if wanted else "refused"
        wrong = [line for line in memory if f" {words}" not in line]
        wrong += [line for line in lines if line not in memory and " mapped" not in line]
        if len(memory) != 1 or len(lines) < 2:
            wrong.append(f"vfio-map told of {len(lines)} regions: {'; '.join(told)}")
        return wrong
    return check


def cell(name: str, topology: Topology, is_mapped: bool, log: list[str], *,
         kernel: Kernel = "distribution", suite: str = TRIXIE, options: str = "",
         checks: tuple[Check, ...] = (), append: tuple[str, ...] = ()) -> Cell:
    config = f"{DISPLAY[5:]} allow=last-display{options}\n"
    return Cell(name, topology, config.encode(), on(DISPLAY),
                [bound(DISPLAY), NOTICE, *log], absent=[] if log else [ANYTHING],
                suites=[suite], kernel=kernel, files=MapFiles(), append=append, over=True,
                check=all_of(mapped(is_mapped), *checks))


def with_efifb(release: str, kernel: Kernel, suite: str, topology: Topology) -> tuple[Cell, ...]:
    """The display with efifb on a kernel: released, and left."""
    evicts = topology is VGA and release != "5.10"
    name = f"framebuffer-{'0300' if topology is VGA else '0380'}"
    checks = (kernel_says("efifb: probing for efifb"), kernel_release(f"{release}."))
    return (
        cell(name, topology, True,
             [] if evicts else [RELEASED + "efi-framebuffer"],
             kernel=kernel, suite=suite, checks=checks),
        cell(f"{name}-leave", topology, evicts, [] if evicts else [LEFT],
             kernel=kernel, suite=suite, checks=checks, options=" framebuffer=leave"),
    )


def small(name: str, topology: Topology, is_mapped: bool, log: list[str], *checks: Check) -> Cell:
    return cell(name, topology, is_mapped, log, kernel="small", append=("intel_iommu=on",),
                checks=checks)


SIMPLEDRM = kernel_says("[drm] Initialized simpledrm")

ALL: tuple[Cell, ...] = (
    *(made for release, kernel, suite in KERNELS for topology in (VGA, NO_VGA)
      for made in with_efifb(release, kernel, suite, topology)),
    cell("framebuffer-vesa", VESA, True, [RELEASED + "vesa-framebuffer"],
         kernel=("suite", "bullseye"),
         checks=(kernel_says("vesafb: framebuffer at"), kernel_release("5.10."))),
    # simpledrm's claim is the platform device's: the kernel removes it, or it stays.
    small("framebuffer-simpledrm-0300", SMALL_VGA, True, [], SIMPLEDRM),
    small("framebuffer-simpledrm-0380", SMALL_NO_VGA, False, [FIXED], SIMPLEDRM),
    small("framebuffer-simpledrm-none", SMALL_NO_SYSFB, True, []),
    # A second run finds nothing to do.
    replace(cell("framebuffer-rerun", NO_VGA, True, [RELEASED]),
            append=["vfio_test=rerun"], check=all_of(mapped(True), second_run("rerun"))),
    # Another display than the one with the picture: neither the notice nor a release.
    Cell("framebuffer-other-display", TWO_VGA, b"02:00.0\n", on(OTHER), [bound(OTHER)],
         absent=["boot display", ANYTHING], suites=[TRIXIE], files=MapFiles(),
         check=all_of(mapped(True, OTHER), kernel_says("efifb: probing for efifb"))),
    # What would be done is said, and not done.
    Cell("framebuffer-dry-run", NO_VGA, b"01:00.0 allow=last-display\n", suites=[TRIXIE],
         summary=False, append=["vfio_early=dry-run"],
         log=[NOTICE, rf"^{DISPLAY} .*would be released from efi-framebuffer\.0"]),
)
