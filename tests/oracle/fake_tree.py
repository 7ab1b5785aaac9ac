# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine and a configuration as files, for vfio-early-boot --sysroot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Sequence

from model import Address, Config, File, Function, Host


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def link(path: Path, target: Path) -> None:
    """A relative link, as those of sysfs are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent))


def make_machine(root: Path, machine: Sequence[Function], host: Host) -> None:
    sys = root / "sys"
    (sys / "bus/pci/devices").mkdir(parents=True)
    for function in machine:
        make_function(sys, function)
    for name in ("mountinfo", "swaps"):
        write(root / "proc" / ("self" if name == "mountinfo" else "") / name, "")
    write(root / "proc/iomem", "".join(
        f"c0000000-cfffffff : {function.address}\n  c0000000-c02fffff : efifb\n"
        for function in machine if function.boot_display))
    if host.facts:
        write(root / "etc/vfio-early.facts", facts_text(machine, host))


def facts_text(machine: Sequence[Function], host: Host) -> str:
    """What vfio-early-boot --facts would have written where the host needs this."""
    text = (f"vfio-early-facts 1\nversion=0.1.0 made=1 config=0 root={host.root} why=as%20told "
            "keyboards=known network=known\n")
    kind = {"found": "root"}.get(host.root, "disk")
    for addresses, words in ((host.disks, kind), (host.keyboards, "keyboard"),
                             (host.networks, "network")):
        for address in sorted(addresses):
            text += f"need kind={words} words=it {chain(machine, address)}\n"
    return text + ("need kind=keyboard words=PS/2\n" if host.other_keyboard else "")


def chain(machine: Sequence[Function], address: Address) -> str:
    """The function and all that are above it, from the root bus down."""
    by_path = {function.path: function for function in machine}
    hops = next(function.path for function in machine if function.address == address).split("/")
    above = (by_path["/".join(hops[:end])] for end in range(1, len(hops) + 1))
    return " ".join(f"function={f.path},{f.id[0]:04x}:{f.id[1]:04x},{f.pci_class:06x}"
                    for f in above)


def configuration(serial: int) -> bytes:
    """The extended configuration space of a device that tells its serial number."""
    space = bytearray(4096)
    space[0x100:0x104] = (0x0003 | 1 << 16).to_bytes(4, "little")
    space[0x104:0x10c] = serial.to_bytes(8, "little")
    return bytes(space)


def make_function(sys: Path, function: Function) -> None:
    place = sys / "devices" / function.sysfs
    vendor, device, subvendor, subdevice = function.id
    pci_class = function.pci_class
    write(place / "modalias",
          f"pci:v{vendor:08X}d{device:08X}sv{subvendor:08X}sd{subdevice:08X}"
          f"bc{pci_class >> 16:02X}sc{pci_class >> 8 & 255:02X}i{pci_class & 255:02X}\n")
    write(place / "driver_override", f"{function.override or '(null)'}\n")
    link(sys / "bus/pci/devices" / str(function.address), place)
    if function.serial is not None and function.serial % 2:
        write(place / "serial_number", function.serial.to_bytes(8, "big").hex("-") + "\n")
    elif function.serial is not None:
        (place / "config").write_bytes(configuration(function.serial))
    if function.vf_of is not None:
        link(place / "physfn", place.parent / str(function.vf_of))
    if function.bridge:
        write(place / "subordinate_bus_number", "1\n")
    if function.group is not None:
        group = sys / "kernel/iommu_groups" / str(function.group)
        group.mkdir(parents=True, exist_ok=True)
        (sys / "class/iommu/dmar0").mkdir(parents=True, exist_ok=True)
        link(place / "iommu_group", group)
        link(group / "devices" / place.name, place)
    if function.driver:
        driver = sys / "bus/pci/drivers" / function.driver
        driver.mkdir(parents=True, exist_ok=True)
        link(place / "driver", driver)
    if function.driver and function.pci_class >> 16 == 0x02:
        interface = place / "net" / f"eth{hash_of(function)}"
        write(interface / "flags", "0x1003\n" if function.in_use else "0x1002\n")
        link(sys / "class/net" / interface.name, interface)


def hash_of(function: Function) -> str:
    return str(function.address).replace(":", "").replace(".", "")


def make_config(root: Path, config: Config) -> None:
    """Puts a configuration in place of the one that was there."""
    facts = root / "etc/vfio-early.facts"
    kept = facts.read_text(encoding="ascii") if facts.exists() else None
    for name in ("etc", "run", "usr"):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    if kept is not None:
        write(facts, kept)
    if config.main:
        make_file(root / "etc", config.main)
    for folder, files in config.dropins.items():
        for file in files:
            make_file(root / folder, file)
    write(root / "proc/cmdline", config.cmdline + "\n")


def make_file(folder: Path, file: File) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file.name
    if file.unusable:
        path.mkdir()
    elif file.data is None:
        path.symlink_to("/dev/null")
    else:
        path.write_bytes(file.data)
