# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine and a configuration as plain data, for the oracle and for what is made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Union

Id = tuple[int, int, int, int]  # vendor, device, subvendor, subdevice


@dataclass(frozen=True, order=True)
class Address:
    """Where lspci says that a function is."""

    domain: int
    bus: int
    device: int
    function: int

    def __str__(self) -> str:
        return f"{self.domain:04x}:{self.bus:02x}:{self.device:02x}.{self.function}"

    @property
    def slot(self) -> tuple[int, int, int]:
        return self.domain, self.bus, self.device


@dataclass(frozen=True)
class Function:
    """A PCI function before anything is done; path is as in path=, with its domain."""

    address: Address
    path: str
    id: Id
    pci_class: int
    bridge: bool = False  # a header of type 1
    group: Optional[int] = None
    driver: Optional[str] = None
    override: Optional[str] = None
    in_use: bool = False  # its network interface is up
    sysfs: str = ""  # below /sys/devices
    serial: Optional[int] = None
    vf_of: Optional[Address] = None  # a virtual function, of that one
    boot_display: bool = False  # the firmware's picture is on it


@dataclass(frozen=True)
class Host:
    """What the host needs, as far as the program can know.

    root: "found", "network", "unknown"; silent: there are no image facts and no root=
    """

    root: str = "found"
    silent: bool = False
    facts: bool = True  # whether all this is in the image
    disks: frozenset[Address] = frozenset()  # what carries them
    keyboards: frozenset[Address] = frozenset()
    other_keyboard: bool = False  # one that is on no PCI function
    networks: frozenset[Address] = frozenset()


@dataclass(frozen=True)
class Rule:
    """One rule; a term that is None is not in it. An id has None for a star."""

    keep: bool = False
    address: Optional[tuple[int, int, int, Optional[int]]] = None  # function None: any
    path: Optional[str] = None
    group: Union[None, int, Address] = None
    id: Optional[tuple[Optional[int], ...]] = None
    pci_class: Optional[str] = None  # digits or a word
    serial: Optional[int] = None
    vf_of: Optional[Address] = None
    boot_display: Optional[bool] = None
    widen: Optional[str] = None
    driver: str = "vfio-pci"
    unbind: str = "safe"
    allow: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()  # those that have no part in who gets what


@dataclass(frozen=True)
class File:
    """A config file: its rules in order and its bytes; None for a link to /dev/null.

    unusable: a folder in its place.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    data: Optional[bytes] = b""
    unusable: bool = False


@dataclass(frozen=True)
class Config:
    """Everything that says what is to be taken."""

    main: Optional[File] = None
    dropins: dict[str, tuple[File, ...]] = field(default_factory=dict)  # by folder
    cmdline: str = ""
    cmdline_rules: tuple[Rule, ...] = ()
    off: bool = False


ETC, RUN, LIB = "etc/vfio-early.conf.d", "run/vfio-early.conf.d", "usr/lib/vfio-early.conf.d"
