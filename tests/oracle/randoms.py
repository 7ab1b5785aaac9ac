# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines and configurations at random. The same seed always makes the same ones."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Optional, Sequence, Union

from model import ETC, LIB, RUN, Address, Config, File, Function, Host, Rule

# The guards that ask what the host needs.
CONSENT = ("root-disk", "storage", "keyboard", "network", "last-display")
CLASSES = ("display", "audio", "multimedia", "usb", "nvme", "sata", "storage", "ethernet",
           "network", "smbus", "serial-bus", "system", "bridge", "memory")
OPTIONS = ("d3=off", "d3=on", "framebuffer=leave", "framebuffer=release")

# Class, native drivers, whether a network interface comes with the driver. No storage with
# a driver: whether that may let go depends on what is on the disks.
KINDS = (
    (0x030000, ("nouveau", "amdgpu"), False), (0x038000, ("bochs-drm",), False),
    (0x030200, ("nvidia",), False), (0x040300, ("snd_hda_intel",), False),
    (0x0c0330, ("xhci_hcd",), False), (0x0c0330, ("xhci_hcd",), False), (0x020000, ("e1000e", "igb", "odd-nic"), True),
    (0x010802, (), False), (0x010601, (), False), (0xff0000, (), False),
    (0x0c0500, ("i801_smbus",), False), (0x080500, ("sdhci-pci",), False),
    (0x050000, (), False), (0x060100, (), False),
)
IDS = ((0x10de, 0x2206, 0x1043, 0x87d2), (0x10de, 0x2206, 0x1043, 0x87d3),
       (0x10de, 0x1aef, 0x1043, 0x87d2), (0x1234, 0x1111, 0x1af4, 0x1100),
       (0x8086, 0x10d3, 0, 0), (0x144d, 0xa808, 0x144d, 0xa801))

BAD_LINES = (b"colour=red", b"01:00.0 colour=red", b"02:00.8", b"id=10de", b"with=slot", b"keep",
             b"01:00.0 02:00.0", b"keep 01:00.0 driver=x", b"id=*:*", b"id=10de:*:1:*:2",
             b"01:00.0 unbind=maybe", b"01:00.0 allow=identity", b"\xff\xfe", b"01:00.0 \0",
             b"01:00.0 driver=../x", b"group=", b"group=-1", b"path=", b"01:20.0", b"KEEP 01:00.0",
             b"class=3", b"class=screen", b"01:00.0 class=0300000", b"serial=1-2", b"vf-of=01:00.*",
             b"boot-display=maybe", b"01:00.0 d3=maybe", b"01:00.0 framebuffer=", b"01:00.0 id=g:1", b"keeper 01:00.0", b"01:00.0," + b" id=10de:*", b"x" * 1100)


class Machines:
    """Makes machines of root ports with devices, bridges and switches behind them."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._functions: list[Function] = []
        self._bus = 0
        self._group = 0

    def make(self) -> list[Function]:
        iommu = self._dice.random() < 0.9
        domains = [0] + [0x10000] * (self._dice.random() < 0.2) + [1] * (self._dice.random() < 0.1)
        for domain in domains:
            self._bus = 0
            root = f"pci{domain:04x}:00"
            self._device(domain, 0, 0, root, f"{domain:04x}:00:", [(0x060000, None)])
            for device in sorted(self._dice.sample(range(1, 31), self._dice.randint(1, 4))):
                self._port(domain, 0, device, root, f"{domain:04x}:00:")
            self._device(domain, 0, 0x1f, root, f"{domain:04x}:00:",
                         [(0x060100, None), (0x0c0500, "i801_smbus"), (0x040300, None)])
        self._mark()
        if not iommu:
            return [replace(f, group=None) for f in self._functions]
        return self._functions

    def _mark(self) -> None:
        """Gives some of them serial numbers, a boot display, and one functions of its own."""
        dice, functions = self._dice, self._functions
        displays = [f for f in functions if f.pci_class >> 16 == 0x03]
        boot = dice.choice(displays) if displays and dice.random() < 0.7 else None
        endpoints = [f for f in functions if not f.bridge and f.pci_class >> 16 not in (5, 6, 8)
                     and f.pci_class >> 8 != 0x0c05]
        physical = dice.choice(endpoints) if endpoints and dice.random() < 0.4 else None
        numbers = [dice.getrandbits(64) for _ in range(2)]
        for index, function in enumerate(functions):
            serial = dice.choice(numbers) if function in endpoints and dice.random() < 0.3 else None
            virtual = (physical and function in endpoints and function != physical
                       and function.address.slot == physical.address.slot)
            functions[index] = replace(
                function, serial=serial, boot_display=function == boot,
                vf_of=physical.address if physical and virtual else None)

    def host(self, machine: Sequence[Function]) -> Host:
        """What the host needs of a machine."""
        dice = self._dice

        def some(*classes: int) -> frozenset[Address]:
            there = [f.address for f in machine if f.pci_class >> 8 in classes]
            return frozenset(dice.sample(there, min(len(there), dice.choice((0, 1, 1, 1, 2)))))

        if dice.random() < 0.15:
            return Host("unknown", silent=True, facts=False)
        # A drive can hang on USB.
        return Host(dice.choice(("found", "found", "network", "unknown")),
                    disks=some(0x0108, 0x0106, 0x0c03), keyboards=some(0x0c03),
                    other_keyboard=dice.random() < 0.2, networks=some(0x0200))

    def _next_group(self) -> int:
        self._group += self._dice.choice((0, 1, 1, 1))
        return self._group

    def _port(self, domain: int, bus: int, device: int, sysfs: str, path: str,
              depth: int = 0) -> None:
        """A port and what is behind it."""
        at = Address(domain, bus, device, 0)
        here = f"{path}{device:02x}.0"
        sysfs += f"/{at}"
        self._functions.append(Function(
            at, here, (0x8086, 0x1901, 0, 0), self._dice.choice((0x060400, 0x060400, 0xff0000)),
            True, self._next_group(), self._dice.choice(("pcieport", None)), sysfs=sysfs))
        self._bus += 1
        below = self._bus
        for number in range(self._dice.choice((1, 1, 1, 2))):
            if depth < 2 and self._dice.random() < 0.2:
                self._port(domain, below, number, sysfs, here + "/", depth + 1)
            else:
                count = self._dice.choice((1, 1, 2, 3))
                self._device(domain, below, number, sysfs, here + "/",
                             [self._kind() for _ in range(count)])

    def _kind(self) -> tuple[int, Optional[str]]:
        pci_class, drivers, _ = self._dice.choice(KINDS)
        driver = self._dice.choice(drivers) if drivers and self._dice.random() < 0.4 else None
        if pci_class >> 16 != 0x01 and self._dice.random() < 0.1:
            driver = self._dice.choice(("vfio-pci", "pci-stub"))
        return pci_class, driver

    def _device(self, domain: int, bus: int, device: int, sysfs: str, path: str,
                kinds: list[tuple[int, Optional[str]]]) -> None:
        group = self._next_group()
        for number, (pci_class, driver) in enumerate(kinds):
            at = Address(domain, bus, device, number)
            if self._dice.random() < 0.2:
                group = self._next_group()
            override = self._dice.choice((None, None, None, driver, "vfio-pci"))
            nic = any(pci_class == k and is_nic for k, _, is_nic in KINDS)
            self._functions.append(Function(
                at, f"{path}{device:02x}.{number}", self._dice.choice(IDS), pci_class, False,
                None if self._dice.random() < 0.05 else group, driver, override,
                bool(nic and driver and self._dice.random() < 0.5), f"{sysfs}/{at}"))


def is_boards(function: Function) -> bool:
    """What makes up most of a machine, and no rule should be about."""
    return (function.bridge or function.pci_class >> 16 in (0x05, 0x06, 0x08)
            or function.pci_class >> 8 == 0x0c05)


def hexadecimal(dice: random.Random, value: int, width: int) -> str:
    text = f"{value:0{width}x}"
    return text.upper() if dice.random() < 0.1 else text


def address_text(dice: random.Random, domain: int, bus: int, device: int,
                 function: Optional[int]) -> str:
    front = "" if domain == 0 and dice.random() < 0.7 else f"{domain:04x}:"
    last = "*" if function is None else str(function)
    return f"{front}{hexadecimal(dice, bus, 2)}:{hexadecimal(dice, device, 2)}.{last}"


def id_text(wanted: Sequence[Optional[int]]) -> str:
    return ":".join("*" if part is None else f"{part:04x}" for part in wanted)


class Configs:
    """Makes configurations that are about a machine, mostly."""

    def __init__(self, dice: random.Random, machine: Sequence[Function],
                 drivers: Sequence[str] = ("vfio-pci", "pci-stub"), bad: float = 0.1) -> None:
        self._dice = dice
        self._machine = machine
        self._drivers = drivers
        self._bad = bad

    def make(self) -> Config:
        dice = self._dice
        main = self._file("vfio-early.conf") if dice.random() < 0.95 else None
        dropins = {}
        for folder in (ETC, RUN, LIB):
            named = dice.sample(("10-a.conf", "20-b.conf", "3.conf"), dice.choice((0, 0, 0, 1, 2)))
            dropins[folder] = tuple(self._dropin(name) for name in named)
        words, rules = self._cmdline()
        off = dice.random() < 0.02
        return Config(main, dropins, " ".join([*words, *(["vfio_early=off"] if off else [])]),
                      rules, off)

    def _dropin(self, name: str) -> File:
        chance = self._dice.random()
        if chance < 0.15:
            return File(name, data=None)
        if chance < 0.25:
            return File(name)
        if chance < 0.28:
            return File(name, unusable=True)
        return self._file(name)

    def _file(self, name: str) -> File:
        dice = self._dice
        lines, rules = [], []
        for _ in range(dice.choice((0, 1, 2, 2, 3, 4))):
            if dice.random() < self._bad:
                lines.append(dice.choice(BAD_LINES))
                continue
            rule = self.rule()
            rules.append(rule)
            lines.append(self._line(rule))
        end = dice.choice((b"\n", b"\n", b"\r\n"))
        data = b"".join(line + end for line in lines)
        if dice.random() < 0.1:
            data = b"\xef\xbb\xbf" + data
        if dice.random() < 0.2:
            data = data.removesuffix(end)
        return File(name, tuple(rules), data)

    def _line(self, rule: Rule) -> bytes:
        dice = self._dice
        terms = rule_terms(dice, rule)
        dice.shuffle(terms)
        text = dice.choice((" ", "  ", "\t")).join((["keep"] if rule.keep else []) + terms)
        text = dice.choice(("", "", " ", "\t")) + text + dice.choice(("", "", " ", " # and so on"))
        return text.encode()

    def _cmdline(self) -> tuple[list[str], tuple[Rule, ...]]:
        dice = self._dice
        words, rules = ["quiet"], []
        for _ in range(dice.choice((0, 0, 0, 1, 2))):
            rule = self.rule()
            rules.append(rule)
            # A comma divides terms here, so guards are divided by "+".
            terms = [term.replace(",", "+") for term in rule_terms(dice, rule)]
            name = dice.choice(("vfio_early", "vfio-early"))
            words.append(f"{name}.{'keep' if rule.keep else 'take'}={','.join(terms)}")
        return words, tuple(rules)

    def rule(self) -> Rule:
        """A rule about one function of the machine, or about what might have been."""
        dice = self._dice
        about = dice.choice(self._machine)
        while is_boards(about) and dice.random() < 0.8:
            about = dice.choice(self._machine)
        keep = dice.random() < 0.15
        kinds = list(dice.choice((
            ["address"], ["path"], ["group"], ["id"], ["address", "id"], ["path", "id"],
            ["group", "id"], ["address", "group"], ["address", "path", "id"], ["pci_class"],
            ["serial"], ["vf_of"], ["boot_display"], ["pci_class", "boot_display"])))
        if dice.random() < 0.15:
            kinds.append(dice.choice(("pci_class", "serial", "vf_of", "boot_display")))
        given: dict[str, object] = {kind: getattr(self, "_" + kind)(about)
                                    for kind in dict.fromkeys(kinds)}
        if keep:
            return Rule(True, **given, widen=self._widen())  # type: ignore[arg-type]
        allow = {g for g in ("no-iommu", "bridge") if dice.random() < 0.15}
        allow |= {g for g in CONSENT if dice.random() < 0.3}
        options = {option.partition("=")[0]: option for option in dice.sample(OPTIONS, 2)}
        return Rule(**given, widen=self._widen(),  # type: ignore[arg-type]
                    driver=dice.choice((self._drivers[0], *self._drivers)),
                    unbind=dice.choice(("safe", "safe", "never", "always")),
                    allow=frozenset(allow),
                    options=tuple(options.values()) if dice.random() < 0.2 else ())

    def _pci_class(self, about: Function) -> str:
        if self._dice.random() < 0.4:
            return self._dice.choice(CLASSES)
        text = f"{about.pci_class:06x}"[:self._dice.choice((2, 4, 6))]
        return text.upper() if self._dice.random() < 0.1 else text

    def _serial(self, about: Function) -> int:
        known = [f.serial for f in self._machine if f.serial is not None]
        if about.serial is not None:
            return about.serial
        return self._dice.choice(known) if known else self._dice.getrandbits(64)

    def _vf_of(self, about: Function) -> Address:
        known = [f.vf_of for f in self._machine if f.vf_of is not None]
        return self._dice.choice(known) if known else about.address

    def _boot_display(self, about: Function) -> bool:
        return self._dice.random() < (0.8 if about.boot_display else 0.3)

    def _widen(self) -> Optional[str]:
        return self._dice.choice((None, None, None, "slot", "group"))

    def _address(self, about: Function) -> tuple[int, int, int, Optional[int]]:
        at = about.address
        function = self._dice.choice((at.function, at.function, at.function, None, 7))
        return at.domain, at.bus, at.device, function

    def _path(self, about: Function) -> str:
        return about.path if self._dice.random() < 0.9 else about.path[:-1] + "7"

    def _group(self, about: Function) -> Union[int, Address]:
        if about.group is None or self._dice.random() < 0.6:
            return about.address
        return about.group + self._dice.choice((0, 0, 0, 0, 1000))

    def _id(self, about: Function) -> tuple[Optional[int], ...]:
        dice = self._dice
        known = about.id if dice.random() < 0.8 else dice.choice(IDS)
        wanted: list[Optional[int]] = list(known[:dice.choice((2, 2, 4))])
        for index in range(len(wanted)):
            if dice.random() < 0.2 and not (index == 1 and wanted[0] is None):
                wanted[index] = None
        return tuple(wanted)


def rule_terms(dice: random.Random, rule: Rule) -> list[str]:
    """The terms and options as words, in the usual order."""
    terms = []
    if rule.address is not None:
        text = address_text(dice, *rule.address)
        terms.append(f"address={text}" if dice.random() < 0.2 else text)
    if rule.path is not None:
        short = rule.path.removeprefix("0000:") if dice.random() < 0.7 else rule.path
        terms.append(f"path={short}")
    if isinstance(rule.group, Address):
        at = rule.group
        terms.append("group=" + address_text(dice, at.domain, at.bus, at.device, at.function))
    elif rule.group is not None:
        terms.append(f"group={rule.group}")
    if rule.id is not None:
        terms.append("id=" + id_text(rule.id))
    terms += description(dice, rule)
    if rule.widen:
        terms.append(f"with={rule.widen}")
    if rule.driver != "vfio-pci" or (not rule.keep and dice.random() < 0.1):
        terms.append(f"driver={rule.driver}")
    if not rule.keep and (rule.unbind != "safe" or dice.random() < 0.2):
        terms.append(f"unbind={rule.unbind}")
    if rule.allow:
        terms.append("allow=" + ",".join(sorted(rule.allow, key=lambda _: dice.random())))
    return [*terms, *rule.options]


def description(dice: random.Random, rule: Rule) -> list[str]:
    terms = []
    if rule.pci_class is not None:
        terms.append(f"class={rule.pci_class}")
    if rule.serial is not None:
        terms.append("serial=" + serial_text(rule.serial))
    if rule.vf_of is not None:
        at = rule.vf_of
        terms.append("vf-of=" + address_text(dice, at.domain, at.bus, at.device, at.function))
    if rule.boot_display is not None:
        terms.append(f"boot-display={'yes' if rule.boot_display else 'no'}")
    return terms


def serial_text(serial: int) -> str:
    return serial.to_bytes(8, "big").hex("-")
