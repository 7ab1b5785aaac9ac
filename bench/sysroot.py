# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the /sys and /proc of a machine of any size, all files and links in a folder.

One function in 256 is a bridge on bus 0; behind it stand 32 slots of eight functions, which
share an IOMMU group two by two. In eight slots there are one display with its sound, one disk
with a block device and a network card with an interface; all else is USB. The host boots from
the first disk.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

SLOTS = 32
FUNCTIONS = 8
CYCLE = 64  # after so many functions the kinds of devices repeat


@dataclass(frozen=True)
class Kind:
    """What a function is."""

    vendor: int
    device: int
    pci_class: int
    driver: str


DISPLAY = Kind(0x10de, 0x2206, 0x030000, "nouveau")
SOUND = Kind(0x10de, 0x1aef, 0x040300, "snd_hda_intel")
DISK = Kind(0x144d, 0xa808, 0x010802, "nvme")
NETWORK = Kind(0x8086, 0x1521, 0x020000, "igb")
USB = Kind(0x1b21, 0x2142, 0x0c0330, "xhci_hcd")
BRIDGE = Kind(0x8086, 0x1901, 0x060400, "pcieport")
KINDS = {0: DISPLAY, 1: SOUND, 8: DISK, 16: NETWORK}


@dataclass(frozen=True)
class Function:
    """One function: its address in parts, what it is, its group, and the bridge above."""

    bus: int
    slot: int
    function: int
    kind: Kind
    group: int
    parent: str

    @property
    def address(self) -> str:
        return f"0000:{self.bus:02x}:{self.slot:02x}.{self.function}"


def functions(count: int) -> Iterator[Function]:
    """All of a machine of so many functions, bridges first; the groups of these come last."""
    bridges = max(1, count // 256)
    ports = [f"0000:00:{1 + i // FUNCTIONS:02x}.{i % FUNCTIONS}" for i in range(bridges)]
    for i in range(bridges):
        yield Function(0, 1 + i // FUNCTIONS, i % FUNCTIONS, BRIDGE, count + i, "")
    for i in range(count - bridges):
        bus, place = divmod(i, SLOTS * FUNCTIONS)
        yield Function(1 + bus, place // FUNCTIONS, place % FUNCTIONS,
                       KINDS.get(i % CYCLE, USB), i // 2, ports[min(bus, bridges - 1)])


def _config_space(kind: Kind) -> bytes:
    """64 bytes, as lspci wants to read them."""
    space = bytearray(64)
    space[0:4] = kind.vendor.to_bytes(2, "little") + kind.device.to_bytes(2, "little")
    space[9:12] = kind.pci_class.to_bytes(3, "little")
    space[14] = 1 if kind is BRIDGE else 0
    return bytes(space)


def _link(target: Path, link: Path) -> None:
    link.symlink_to(os.path.relpath(target, link.parent))


def _device(root: Path, function: Function) -> Path:
    """The device's own folder, with what sysfs has in it."""
    kind = function.kind
    folder = root / "sys/devices/pci0000:00" / function.parent / function.address
    folder.mkdir(parents=True)
    base, sub, interface = kind.pci_class.to_bytes(3, "big")
    texts = {
        "modalias": f"pci:v{kind.vendor:08X}d{kind.device:08X}sv{kind.vendor:08X}sd{1:08X}"
                    f"bc{base:02X}sc{sub:02X}i{interface:02X}",
        "vendor": f"0x{kind.vendor:04x}", "device": f"0x{kind.device:04x}",
        "subsystem_vendor": f"0x{kind.vendor:04x}", "subsystem_device": "0x0001",
        "class": f"0x{kind.pci_class:06x}", "irq": "0", "driver_override": "(null)",
        "reset_method": "flr bus",
        "resource": "\n".join(["0x0000000000000000 0x0000000000000000 0x0000000000000000"] * 13),
    }
    if kind is BRIDGE:
        texts["subordinate_bus_number"] = "255"
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="ascii")
    (folder / "config").write_bytes(_config_space(kind))
    return folder


def _hang(root: Path, function: Function, folder: Path, number: int) -> None:
    """What the device's driver makes of it."""
    if function.kind is DISK:
        name, where = f"nvme{number}n1", folder / f"nvme/nvme{number}/nvme{number}n1"
        where.mkdir(parents=True)
        (where / "dev").write_text(f"259:{number}\n", encoding="ascii")
        (where / "size").write_text("1000\n", encoding="ascii")
        (where / "holders").mkdir()
        (where / "slaves").mkdir()
        _link(where, root / "sys/class/block" / name)
        _link(where, root / "sys/dev/block" / f"259:{number}")
    elif function.kind is NETWORK:
        where = folder / f"net/eth{number}"
        where.mkdir(parents=True)
        _link(where, root / "sys/class/net" / where.name)


def make(root: Path, count: int, config: str, booted: bool) -> None:
    """Fills the folder ROOT with a machine of COUNT functions and its configuration.

    booted: the drivers hold their devices, and disks and interfaces are there; otherwise it is
    early in the boot, and only the bridges have their driver.
    """
    for name in ("sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/class/block", "sys/class/net",
                 "sys/class/iommu/dmar0", "sys/dev/block", "sys/kernel/iommu_groups",
                 "proc/self", "proc/net", "etc"):
        (root / name).mkdir(parents=True)
    groups, drivers = root / "sys/kernel/iommu_groups", root / "sys/bus/pci/drivers"
    numbers: dict[Kind, int] = {}
    for function in functions(count):
        folder = _device(root, function)
        (groups / str(function.group) / "devices").mkdir(parents=True, exist_ok=True)
        driver = drivers / function.kind.driver
        driver.mkdir(exist_ok=True)
        _link(groups / str(function.group), folder / "iommu_group")
        _link(folder, groups / str(function.group) / "devices" / function.address)
        _link(folder, root / "sys/bus/pci/devices" / function.address)
        if booted or function.kind is BRIDGE:
            _link(driver, folder / "driver")
        number = numbers[function.kind] = numbers.get(function.kind, -1) + 1
        if booted:
            _hang(root, function, folder, number)
    (root / "proc/self/mountinfo").write_text(
        "21 1 259:0 / / rw - ext4 /dev/nvme0n1 rw\n", encoding="ascii")
    for name in ("swaps", "cmdline", "iomem", "net/route"):
        (root / "proc" / name).write_text("", encoding="ascii")
    (root / "etc/vfio-early.conf").write_text(config, encoding="ascii")
