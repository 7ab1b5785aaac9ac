# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine and a configuration as files, for vfio-early-boot --sysroot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Sequence

from model import Config, File, Function


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def link(path: Path, target: Path) -> None:
    """A relative link, as those of sysfs are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent))


def make_machine(root: Path, machine: Sequence[Function]) -> None:
    sys = root / "sys"
    (sys / "bus/pci/devices").mkdir(parents=True)
    for function in machine:
        make_function(sys, function)
    for name in ("mountinfo", "swaps"):
        write(root / "proc" / ("self" if name == "mountinfo" else "") / name, "")


def make_function(sys: Path, function: Function) -> None:
    place = sys / "devices" / function.sysfs
    vendor, device, subvendor, subdevice = function.id
    pci_class = function.pci_class
    write(place / "modalias",
          f"pci:v{vendor:08X}d{device:08X}sv{subvendor:08X}sd{subdevice:08X}"
          f"bc{pci_class >> 16:02X}sc{pci_class >> 8 & 255:02X}i{pci_class & 255:02X}\n")
    write(place / "driver_override", f"{function.override or '(null)'}\n")
    link(sys / "bus/pci/devices" / str(function.address), place)
    if function.bridge:
        write(place / "subordinate_bus_number", "1\n")
    if function.group is not None:
        group = sys / "kernel/iommu_groups" / str(function.group)
        group.mkdir(parents=True, exist_ok=True)
        (sys / "class/iommu/dmar0").mkdir(parents=True, exist_ok=True)
        link(place / "iommu_group", group)
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
    for name in ("etc", "run", "usr"):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
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
