# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots of mkinitcpio's images: busybox and systemd, by the stand-in and by it.

Our lines in the build's output are the ones that the cell names and no others.
"""

from __future__ import annotations

from typing import Mapping, Sequence

import topologies as top
from cells import TRIXIE, Cell, bound, on
from generators.mkinitcpio import BUSYBOX, SYSTEMD
from scenarios import TWIN, lines



def hooks(*names: str) -> str:
    return f"HOOKS=({' '.join(names)})\n"


def cell(name: str, generator: str, config: bytes, *taken: str,
         log: Sequence[str] = (), absent: Sequence[str] = ("too late",),
         warnings: Sequence[str] = (), **more: object) -> Cell:
    return Cell(name, top.WORKSTATION, config, on(*taken), [*log, *(bound(a) for a in taken)], absent,
                suites=[TRIXIE], generator=generator, warnings=warnings,
                **more)  # type: ignore[arg-type]


def every(tool: str) -> list[Cell]:
    """The cells of a tool's busybox and systemd images."""
    made = []
    for word, kind in (("busybox", BUSYBOX), ("systemd", SYSTEMD)):
        generator = f"{tool}-{word}"
        # Only in busybox images does the order in HOOKS mean anything.
        late: Mapping[str, Sequence[str]] = {} if kind == SYSTEMD else {
            "log": ["came too late"], "absent": (),
            "warnings": ["stands after udev in HOOKS"]}
        made += [
            cell("misplaced", generator, lines(TWIN), TWIN,
                 conf=hooks("base", kind, "vfio-early", "vfio-test"), **late),
        ]
    return made


def usual_hooks(generator: str, kind: str) -> Cell:
    """HOOKS as a distribution writes it, with all that puts display drivers into the image."""
    return cell("usual-hooks", generator, lines(TWIN), TWIN,
                conf=hooks("base", "vfio-early", kind, "autodetect", "microcode", "modconf",
                           "kms", "vfio-test") + "MODULES=(bochs)\n", machine=top.WORKSTATION)


ALL: tuple[Cell, ...] = (*every("mkinitcpio-standin"), *every("mkinitcpio"),
                         usual_hooks("mkinitcpio-busybox", BUSYBOX),
                         usual_hooks("mkinitcpio-systemd", SYSTEMD))
