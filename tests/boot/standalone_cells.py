# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots of stand-alone archives, before and behind the images of every generator.

The other image has nothing of ours. In front of an archive it has a length that is no
multiple of four.
"""

from __future__ import annotations

from typing import Sequence

import generators
import topologies as top
from cells import BOOKWORM, GPU1, STABLE, TRIXIE, Cell, bound, kernel_release, on
from images import TEST_MODULES

INNER = [g.inner for g in generators.standalone.ALL]
ROOT = "/vfio-early/usr/lib/vfio-early/vfio-early-boot"


def cell(name: str, inner: str = "initramfs-tools", suites: Sequence[str] = (TRIXIE,),
         **more: object) -> Cell:
    """A boot that takes one of two identical cards, and so it does in every other way."""
    usual: dict[str, object] = {
        "config": b"01:00.0\n", "taken": on(GPU1), "log": [bound(GPU1)],
        "absent": ["please report"], "warnings": ()}
    return Cell(name, top.TWIN_GPUS, suites=suites, generator=f"standalone-{inner}",
                **{**usual, **more})  # type: ignore[arg-type]


def nothing_taken(name: str, log: Sequence[str], **more: object) -> Cell:
    """A boot in which something of ours is broken: the real init runs, with all its devices."""
    usual: dict[str, object] = {"absent": ()}
    return cell(name, taken={}, log=log, summary=False,
                **{**usual, **more})  # type: ignore[arg-type]


PLACES = [cell(place, inner.name, STABLE if inner.name == "initramfs-tools" else (TRIXIE,),
               conf=f"place={place}\n")
          for inner in INNER for place in generators.standalone.PLACES]

KERNELS = [cell(f"two-kernels-{suite}", conf=f"kernels={TRIXIE} {BOOKWORM}\n",
                kernel=("suite", suite), check=kernel_release(release))
           for suite, release in ((BOOKWORM, "6.1."), (TRIXIE, "6.12."))]

BROKEN = [
    nothing_taken("garbage-only", [r"vfio-early\.conf:1"], config=b"\x00\xff garbage\n01:00.0=\n",
                  warnings=(r"vfio-early\.conf:1:1: NUL byte.*run vfio-early image again",
                            r"vfio-early\.conf:2:1: .*unknown term.*run vfio-early image again")),
    nothing_taken("missing", [f"{ROOT} could not be run: No such file"],
                  conf=f"without={ROOT[1:]}\n", foretold={GPU1: "taken"},
                  fault="the binder is not in the archive",
                  # As a host has them, where check looks for the driver.
                  test_modules=(*TEST_MODULES, "vfio-pci")),
]

ALL: tuple[Cell, ...] = (*PLACES, *KERNELS, *BROKEN)
