# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines the boot tests use: emulator options, and what a boot without us makes of them.

Each device sits behind a root port of its own at 00:NN.0, so that it gets an IOMMU group of
its own, unless a topology says otherwise.  Functions of the board itself (host bridge, LPC,
AHCI, SMBus) and the ports are not named here; the baseline boot tells about those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

GPU = "bochs-display"
GPU_ID = "1234:1111"
NIC = "e1000e"
NIC_ID = "8086:10d3"
DISK = "driver=null-co,size=67108864,read-zeroes=on"


@dataclass(frozen=True)
class Topology:
    """Emulator options, and address -> native driver (None: it has none) of what they make.

    steps   commands for the emulator's monitor while the guest runs; vfio_test.late= in
            `append` has the guest ask for them (guest/verdict says how)
    """

    name: str
    options: tuple[str, ...]
    native: Mapping[str, Optional[str]]
    bridges: tuple[str, ...] = ()
    iommu: bool = True
    append: tuple[str, ...] = ()
    steps: tuple[tuple[str, ...], ...] = ()
    machine: str = ""  # more options of -M
    uefi: bool = False


def device(text: str) -> tuple[str, str]:
    return ("-device", text)


def root_port(number: int) -> tuple[str, str]:
    """The root port rpN at 00:NN.0."""
    return device(f"pcie-root-port,id=rp{number},chassis={number},slot={number},"
                  f"addr={number:#x}.0")


def slot(number: int, *functions: str) -> tuple[str, ...]:
    """A root port with a device behind it, of one function or of several."""
    options: tuple[str, ...] = root_port(number)
    if len(functions) == 1:
        return (*options, *device(f"{functions[0]},bus=rp{number}"))
    for index, function in enumerate(functions):
        multi = ",multifunction=on" if index == 0 else ""
        options += device(f"{function},bus=rp{number},addr=0x0.{index}{multi}")
    return options


def address(bus: int, dev: int = 0, function: int = 0) -> str:
    return f"0000:{bus:02x}:{dev:02x}.{function}"


TWIN_GPUS = Topology(
    "twin-gpus",
    (*slot(1, GPU), *slot(2, GPU)),
    {address(1): "bochs-drm", address(2): "bochs-drm"})

THREE_GPUS = Topology(
    "three-gpus", (*TWIN_GPUS.options, *slot(3, GPU)),
    {**TWIN_GPUS.native, address(3): "bochs-drm"})

NO_IOMMU = Topology(
    "no-iommu", TWIN_GPUS.options, TWIN_GPUS.native, iommu=False)

GPU_AUDIO = Topology(
    "gpu-audio",
    (*slot(1, GPU, "ich9-intel-hda,id=hda"),
     "-audiodev", "none,id=sound", *device("hda-output,bus=hda.0,audiodev=sound"),
     *slot(2, GPU), *slot(3, NIC)),
    {address(1): "bochs-drm", address(1, 0, 1): "snd_hda_intel",
     address(2): "bochs-drm", address(3): "e1000e"})

# A display of class 0300, which has boot_vga, besides one of class 0380, which has not.
VGA = Topology(
    "vga",
    (*slot(1, "VGA"), *slot(2, GPU)),
    {address(1): "bochs-drm", address(2): "bochs-drm"})

# A display without a driver of its own in the small kernel; the firmware sets a mode on it.
BOOT_FRAMEBUFFER = Topology(
    "boot-framebuffer",
    (*slot(1, "cirrus-vga"), *slot(2, GPU)),
    {address(1): None, address(2): "bochs-drm"},
    append=("vga=0x317",))

# The bridge, and all behind it, in the group of the root port's child.
GROUP_BRIDGE = Topology(
    "group-bridge",
    (*slot(1, "pcie-pci-bridge,id=pci"), *device("qemu-xhci,bus=pci,addr=1"),
     *device(f"{GPU},bus=pci,addr=2"), *slot(2, NIC)),
    {address(2, 1): "xhci_hcd", address(2, 2): "bochs-drm", address(3): "e1000e"},
    bridges=(address(1),))

MACHINE = Topology(
    "machine",
    (*slot(1, NIC),
     *slot(2, "qemu-xhci,id=usb"), *device("usb-kbd,bus=usb.0"),
     "-blockdev", f"{DISK},node-name=sata-disk", *slot(3, "ich9-ahci,id=sata"),
     *device("ide-hd,bus=sata.0,drive=sata-disk"),
     "-blockdev", f"{DISK},node-name=nvme-disk", *slot(4, "nvme,serial=nvme0,drive=nvme-disk"),
     *slot(5, GPU)),
    {address(1): "e1000e", address(2): "xhci_hcd", address(3): "ahci", address(4): "nvme",
     address(5): "bochs-drm"})

# The root file system is on the SATA disk; there is an NVMe drive besides.
STORAGE = Topology(
    "storage",
    (*slot(1, "ich9-ahci,id=sata"),
     "-drive", "if=none,id=root,format=raw,snapshot=on,file=@ext4-disk@",
     *device("ide-hd,bus=sata.0,drive=root"),
     "-blockdev", f"{DISK},node-name=nvme-disk", *slot(2, "nvme,serial=nvme0,drive=nvme-disk")),
    {address(1): "ahci", address(2): "nvme"})

# An upstream port with two downstream ports; a path through it has four elements.
SWITCH = Topology(
    "switch",
    (*slot(1, "x3130-upstream,id=up"),
     *device("xio3130-downstream,id=down0,bus=up,addr=0,chassis=11,slot=11"),
     *device("xio3130-downstream,id=down1,bus=up,addr=1,chassis=12,slot=12"),
     *device(f"{GPU},bus=down0"), *device(f"{GPU},bus=down1"), *slot(2, NIC)),
    {address(3): "bochs-drm", address(4): "bochs-drm", address(5): "e1000e"},
    bridges=(address(1), address(2), address(2, 1)))

# More devices than the log accepts lines from one open file in a short time.
MANY_COUNT = 64
MANY_ID = "1b36:0005"
MANY = Topology(
    "many",
    (*(option for port in range(1, 9) for option in slot(port, *["pci-testdev"] * 8)),
     *slot(9, NIC)),
    {**{address(bus, 0, function): None for bus in range(1, 9) for function in range(8)},
     address(9): "e1000e"})

# Something of everything, for what is tried with every generator: a slot of a display and its
# sound, the display's twin, a group behind a bridge, and one of each kind of host device.
WORKSTATION = Topology(
    "workstation",
    (*slot(1, GPU, "ich9-intel-hda,id=hda"),
     "-audiodev", "none,id=sound", *device("hda-output,bus=hda.0,audiodev=sound"),
     *slot(2, GPU),
     *slot(3, "pcie-pci-bridge,id=pci"), *device("qemu-xhci,bus=pci,addr=1"),
     *device(f"{GPU},bus=pci,addr=2"),
     *slot(4, NIC),
     *slot(5, "qemu-xhci,id=usb"), *device("usb-kbd,bus=usb.0"),
     "-blockdev", f"{DISK},node-name=nvme-disk", *slot(6, "nvme,serial=nvme0,drive=nvme-disk"),
     "-blockdev", f"{DISK},node-name=sata-disk", *slot(7, "ich9-ahci,id=sata"),
     *device("ide-hd,bus=sata.0,drive=sata-disk")),
    {address(1): "bochs-drm", address(1, 0, 1): "snd_hda_intel", address(2): "bochs-drm",
     address(4, 1): "xhci_hcd", address(4, 2): "bochs-drm", address(5): "e1000e",
     address(6): "xhci_hcd", address(7): "nvme", address(8): "ahci"},
    bridges=(address(3),))

# What a host boots from, and besides the disk's controller a second one of its kind.
WHOLE = Topology(
    "whole",
    (*slot(1, "ich9-ahci,id=host"),
     "-drive", "if=none,id=root,format=raw,snapshot=on,file=@root-disk@",
     *device("ide-hd,bus=host.0,drive=root"),
     "-blockdev", f"{DISK},node-name=sata-disk", *slot(2, "ich9-ahci,id=sata"),
     *device("ide-hd,bus=sata.0,drive=sata-disk"),
     *slot(3, GPU), *slot(4, GPU), *slot(5, NIC),
     *slot(6, "qemu-xhci,id=usb"), *device("usb-kbd,bus=usb.0")),
    {address(1): "ahci", address(2): "ahci", address(3): "bochs-drm",
     address(4): "bochs-drm", address(5): "e1000e", address(6): "xhci_hcd"})

# A device whose driver Debian has built into the kernel, and displays.
VIRTIO = Topology(
    "virtio",
    (*slot(1, "virtio-net-pci"), *slot(2, GPU), *slot(3, GPU), *slot(4, GPU)),
    {address(1): "virtio-pci", **{address(bus): "bochs-drm" for bus in (2, 3, 4)}})

ALL = {t.name: t for t in (TWIN_GPUS, THREE_GPUS, NO_IOMMU, GPU_AUDIO, VGA, BOOT_FRAMEBUFFER,
                           GROUP_BRIDGE, MACHINE, STORAGE, SWITCH, MANY, VIRTIO,
                           WORKSTATION, WHOLE)}
