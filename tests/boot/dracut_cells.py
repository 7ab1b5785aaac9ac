# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots of dracut's images besides the scenarios, with systemd and without.

Where the image itself forces the native drivers in, `unbind=never` makes a hook that comes
too late a refusal, and with that a failed cell.
"""

from __future__ import annotations

from typing import Mapping, Sequence

import topologies as top
from cells import EVERY, GPU, GPU1, NIC, TRIXIE, XHCI, Cell, bound, held, loaded, on
from generators.dracut import HOSTONLY, PLAIN, SYSTEMD

NATIVES = "e1000e xhci_pci bochs"
LOAD = {"/usr/lib/modules-load.d/native.conf": NATIVES.replace(" ", "\n").encode() + b"\n"}
PRE = [f"rd.driver.pre={name}" for name in NATIVES.split()]


def twin(name: str, generator: str, suites: Sequence[str] = EVERY, **more: object) -> Cell:
    return Cell(name, top.TWIN_GPUS, b"01:00.0\n", on(GPU1), [bound(GPU1)], suites=suites,
                generator=generator, **more)  # type: ignore[arg-type]


def forced(name: str, generator: str, suites: Sequence[str] = EVERY, *, conf: str = "",
           append: Sequence[str] = (), files: Mapping[str, bytes] = {}) -> Cell:
    """The devices are ours although the image names their native drivers."""
    return Cell(name, top.MACHINE, held("never"), on(NIC, XHCI, GPU),
                [bound(a) for a in (NIC, XHCI, GPU)], suites=suites, generator=generator,
                conf=conf, append=append, files=files, check=loaded(*NATIVES.split()))


ALL: tuple[Cell, ...] = (
    forced("modules-load", SYSTEMD, files=LOAD),
    forced("driver-pre", SYSTEMD, [TRIXIE], append=PRE),
    # Built on a machine that has these devices, on their own drivers, and has never loaded vfio;
    # that its other modules are left out is shown by the image cells.
    twin("hostonly", SYSTEMD, conf=HOSTONLY, machine=top.TWIN_GPUS),
    twin("hostonly", PLAIN, [TRIXIE], conf=HOSTONLY, machine=top.TWIN_GPUS),
    # No config: the module is there only because it was asked for.
    Cell("take-alone", top.TWIN_GPUS, None, on(GPU1), suites=[TRIXIE],
         generator=SYSTEMD, conf='add_dracutmodules+=" vfio-early "\n',
         append=["vfio_early.take=01:00.0"]),
    forced("driver-pre", PLAIN, [TRIXIE], append=PRE),
)
