# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines at random for the emulator, and what their hosts need of them."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Optional, Sequence

import fake_tree
import topologies as top
import verdict as verdicts
from disks import ROOT_UUID
from model import Address, Function, Host

# Driver -> modules: what can be made to be there before us.
EARLY = {"bochs-drm": "bochs", "e1000e": "e1000e", "xhci_hcd": "xhci_pci",
         "snd_hda_intel": "snd_hda_intel", "ahci": "ahci,sd_mod", "nvme": "nvme"}
EXPRESS = ("bochs-display", "bochs-display", "e1000e", "qemu-xhci", "ich9-intel-hda",
           "pci-testdev", "edu", "nvme", "nvme-pf", "VGA", "ich9-ahci", "root-disk")
# Behind a bridge to conventional PCI; all of it is one group.
CONVENTIONAL = ("bochs-display", "e1000", "nec-usb-xhci", "ich9-intel-hda", "ich9-ahci", "edu")
ONLY_ONE = ("VGA", "root-disk")
MAC = (0x52, 0x54, 0x00, 0xaa, 0x00)


class Machine:
    """A random topology, and of every function in it what the guest does not tell."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._count = itertools.count()
        self._there: set[str] = set()
        self._bus = 0
        self.options: list[str] = []
        self.paths: dict[str, str] = {}
        self.serials: dict[str, int] = {}
        self.root_disk: Optional[str] = None  # the controller that has it
        self.iommu = dice.random() < 0.9
        for port in sorted(dice.sample(range(1, 16), dice.randint(2, 6))):
            self._port(port)

    def _device(self, models: Sequence[str], where: str, address: str) -> None:
        model = self._dice.choice([m for m in models if m not in self._there])
        self._there |= {model} & {*ONLY_ONE}
        name = f"d{next(self._count)}"
        if model == "nvme":
            self.options += ["-blockdev", f"{top.DISK},node-name={name}"]
            model += f",serial={name},drive={name}"
        elif model == "nvme-pf":
            # A controller of a subsystem has no disk of its own.
            self.options += top.device(f"nvme-subsys,id=sub{name}")
            model = (f"nvme,serial={name},subsys=sub{name},sriov_max_vfs=2,"
                     "sriov_vq_flexible=4,sriov_vi_flexible=2")
        elif model == "e1000e":
            number = len(self.serials) + 1
            model += ",mac=" + ":".join(f"{part:02x}" for part in (*MAC, number))
            self.serials[address] = int.from_bytes(
                bytes((*MAC[:3], 0xff, 0xff, *MAC[3:], number)), "big")
        elif model in ("qemu-xhci", "nec-usb-xhci"):
            self.options += top.device(f"{model},id={name},{where}")
            self.options += top.device(f"usb-kbd,bus={name}.0")
            return
        elif model == "root-disk":
            self.root_disk = address
            self.options += [
                *top.device(f"ich9-ahci,id={name},{where}"), "-drive",
                f"if=none,id=disk{name},format=raw,snapshot=on,file=@ext4-disk@",
                *top.device(f"ide-hd,bus={name}.0,drive=disk{name}")]
            return
        self.options += top.device(f"{model},{where}")

    def _name(self, bus: int, device: int, function: int, path: str) -> str:
        path = f"{path}/{device:02x}.{function}"
        self.paths[top.address(bus, device, function)] = path
        return path

    def _port(self, port: int) -> None:
        self.options += top.root_port(port)
        here = f"0000:00:{port:02x}.0"
        self._bus += 1
        kind = self._dice.choice(("one", "one", "one", "slot", "bridge", "switch"))
        if kind in ("one", "slot"):
            count = self._dice.randint(2, 4) if kind == "slot" else 1
            for function in range(count):
                multi = ",multifunction=on" if count > 1 and function == 0 else ""
                # Of several functions none has functions of its own, which would be theirs.
                models = [m for m in EXPRESS if count == 1 or m != "nvme-pf"]
                self._device(models, f"bus=rp{port},addr=0x0.{function}{multi}",
                             top.address(self._bus, 0, function))
                self._name(self._bus, 0, function, here)
        elif kind == "bridge":
            self.options += top.device(f"pcie-pci-bridge,id=pci{port},bus=rp{port}")
            self._bridge(port, self._name(self._bus, 0, 0, here))
        else:
            self.options += top.device(f"x3130-upstream,id=up{port},bus=rp{port}")
            self._switch(port, self._name(self._bus, 0, 0, here))

    def _bridge(self, port: int, here: str) -> None:
        self._bus += 1
        for device in range(1, 1 + self._dice.randint(1, 3)):
            self._device(CONVENTIONAL, f"bus=pci{port},addr={device}",
                         top.address(self._bus, device))
            self._name(self._bus, device, 0, here)

    def _switch(self, port: int, here: str) -> None:
        self._bus += 1
        upper = self._bus
        for number in range(self._dice.randint(1, 2)):
            down = f"down{port}x{number}"
            self.options += top.device(
                f"xio3130-downstream,id={down},bus=up{port},addr={number},"
                f"chassis={port * 16 + number},slot={port * 16 + number}")
            path = self._name(upper, number, 0, here)
            self._bus += 1
            self._device(EXPRESS, f"bus={down}", top.address(self._bus))
            self._name(self._bus, 0, 0, path)

    def functions(self, baseline: verdicts.Verdict, early: Sequence[str]) -> list[Function]:
        """What the program finds, where these modules were loaded before it ran."""
        made = []
        for text, found in baseline.functions.items():
            there = EARLY.get(found.driver or "") in early
            made.append(Function(
                address_of(text), self.paths.get(text, text), (found.vendor, found.device, 0, 0),
                found.pci_class, found.pci_class >> 8 == 0x0604, found.group,
                found.driver if there else None, serial=self.serials.get(text),
                # The one that the firmware can show something on.
                boot_display=found.pci_class >> 8 == 0x0300))
        return made


def address_of(text: str) -> Address:
    domain, bus, rest = text.split(":")
    device, function = rest.split(".")
    return Address(int(domain, 16), int(bus, 16), int(device, 16), int(function, 16))


@dataclass(frozen=True)
class Situation:
    """What is there before the program runs, and what it is told about its host."""

    early: tuple[str, ...]
    functions: list[Function]
    host: Host
    facts: Optional[str]
    append: tuple[str, ...]


def situation(dice: random.Random, machine: Machine, baseline: verdicts.Verdict) -> Situation:
    modules = sorted(set(EARLY.values()))
    early = tuple(dice.sample(modules, dice.choice((0, 0, 1, 2, len(modules)))))
    functions = machine.functions(baseline, early)
    facts, append = None, []
    kind = dice.choice(("facts", "facts", "facts", "root", "root", "nowhere", "silent", "nfs"))
    if kind == "facts":
        host = told_host(dice, functions)
        facts = fake_tree.facts_text(functions, host)
    elif kind == "root":
        # Seen where the driver of its controller is there before us.
        seen = machine.root_disk is not None and EARLY["ahci"] in early
        host = Host("found" if seen else "unknown",
                    disks=frozenset([address_of(machine.root_disk)] if seen else []))
        append = [f"root=UUID={ROOT_UUID}", *(["vfio_test.wait=sda"] if seen else [])]
    elif kind == "nowhere":
        host = Host("unknown")
    elif kind == "silent":
        host, append = Host("unknown", silent=True), ["root="]
    else:
        host, append = Host("network"), ["root=/dev/nfs"]
    if early:
        append.append(f"vfio_test.native={','.join(early)}")
    return Situation(early, functions, host, facts, tuple(append))


def told_host(dice: random.Random, functions: Sequence[Function]) -> Host:
    """Needs as an image tells them that was built on the running host."""
    def some(*classes: int) -> frozenset[Address]:
        there = [f.address for f in functions if f.pci_class >> 8 in classes]
        return frozenset(dice.sample(there, min(len(there), dice.choice((0, 1, 1, 2)))))

    return Host(dice.choice(("found", "found", "found", "network", "unknown")),
                disks=some(0x0108, 0x0106, 0x0c03), keyboards=some(0x0c03),
                other_keyboard=dice.random() < 0.2, networks=some(0x0200))
