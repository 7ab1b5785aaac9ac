# SPDX-License-Identifier: LGPL-2.1-or-later
"""PCI configuration space from the emulator's monitor, behind the back of the guest.

Through the two I/O ports of configuration mechanism #1, in which the guest may be itself at
that moment: so it is stopped meanwhile, and finds the address that it had put there.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Callable, Iterator

ADDRESS, DATA = 0xCF8, 0xCFC
ENABLE = 1 << 31
CAPABILITIES, PCI_EXPRESS = 0x34, 0x10
SLOT_CONTROL = 0x18  # of the PCI Express capability
OFF = 3 << 8 | 1 << 10  # the indicator, and the power controller

Type = Callable[[str], str]  # types a line at the human monitor, and returns its answer


class ConfigSpace:
    """The configuration space of one function of domain 0, in the form BUS:DEVICE.FUNCTION."""

    def __init__(self, type_line: Type, function: str) -> None:
        bus, device, number = (int(part, 16) for part in re.split("[:.]", function))
        self._type = type_line
        self._base = ENABLE | bus << 16 | device << 11 | number << 8

    def cut_power(self) -> None:
        """Switches the slot below this port off, whereupon the emulator empties it, and on again.

        A guest that finds power on an empty slot takes the card for torn out; without power
        it would believe that it had switched the slot off itself, long before.
        """
        with self._stopped():
            at = self._capability(PCI_EXPRESS) + SLOT_CONTROL
            before = self._read(at, "h")
            self._write(at, before | OFF)
            self._write(at, before)

    def is_off(self) -> bool:
        """Whether the guest is done with the slot: a card that comes before that is lost."""
        with self._stopped():
            at = self._capability(PCI_EXPRESS) + SLOT_CONTROL
            return self._read(at, "h") & OFF == OFF

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        self._type("stop")
        before = self._in(ADDRESS, "w")
        try:
            yield
        finally:
            self._type(f"o /w {ADDRESS:#x} {before:#x}")
            self._type("cont")

    def _capability(self, wanted: int) -> int:
        at = self._read(CAPABILITIES, "b")
        while at and self._read(at, "b") != wanted:
            at = self._read(at + 1, "b")
        if not at:
            raise ValueError(f"capability {wanted:#x} is not there")
        return at

    def _select(self, at: int) -> None:
        self._type(f"o /w {ADDRESS:#x} {self._base | at & ~3:#x}")

    def _read(self, at: int, size: str) -> int:
        self._select(at)
        return self._in(DATA + at % 4, size)

    def _write(self, at: int, value: int) -> None:
        self._select(at)
        self._type(f"o /h {DATA + at % 4:#x} {value:#x}")

    def _in(self, port: int, size: str) -> int:
        answer = self._type(f"i /{size} {port:#x}")
        return int(answer.rpartition("=")[2], 16)
