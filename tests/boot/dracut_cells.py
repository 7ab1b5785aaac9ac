# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots of dracut's images besides the scenarios, with systemd and without."""

from __future__ import annotations

from typing import Sequence

import topologies as top
from cells import EVERY, TRIXIE, Cell, bound, loaded, on
from generators.dracut import HOSTONLY, PLAIN, SYSTEMD
from scenarios import EACH_KIND, NATIVES, NIC, NVME, TWIN, USB, lines

LOAD = {"/usr/lib/modules-load.d/native.conf": "".join(f"{n}\n" for n in NATIVES).encode()}
PRE = [f"rd.driver.pre={name}" for name in NATIVES]


def taking(name: str, generator: str, config: bytes | None, *taken: str,
           suites: Sequence[str] = EVERY, **more: object) -> Cell:
    return Cell(name, top.WORKSTATION, config, on(*taken), [bound(a) for a in taken],
                suites=suites, generator=generator, **more)  # type: ignore[arg-type]


def forced(name: str, generator: str, suites: Sequence[str] = EVERY, **more: object) -> Cell:
    """The devices are ours although something names their native drivers."""
    return taking(name, generator, EACH_KIND, TWIN, NIC, USB, NVME,
                  suites=suites, check=loaded(*NATIVES), **more)


ALL: tuple[Cell, ...] = (
    forced("modules-load", SYSTEMD, files=LOAD),
    forced("driver-pre", SYSTEMD, [TRIXIE], append=PRE),
    forced("driver-pre", PLAIN, [TRIXIE], append=PRE),
    # Built on a machine that has these devices, on their own drivers, and has never loaded vfio;
    # that its other modules are left out is shown by the image cells.
    *(taking("hostonly", generator, lines(TWIN), TWIN, suites=suites, conf=HOSTONLY,
             machine=top.WORKSTATION)
      for generator, suites in ((SYSTEMD, EVERY), (PLAIN, [TRIXIE]))),
    # No config: the module is there only because it was asked for.
    taking("take-alone", SYSTEMD, None, TWIN, suites=[TRIXIE],
           conf='add_dracutmodules+=" vfio-early "\n', append=["vfio_early.take=02:00.0"]),
)
