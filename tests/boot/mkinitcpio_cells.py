# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of boots of mkinitcpio's images: busybox and systemd, by the stand-in and by it.

What is asserted of every boot is in cells.py; the baseline is that of the same machine with
initramfs-tools. Besides: our lines in the build's output are the ones that the cell names and
no others; and the stand-in, which misses nothing in Debian, ended with status 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

import mkinitcpio_images
import topologies as top
from cells import GPU1, TRIXIE, Cell, Check, bound, on
from images import Image
from topologies import address
from verdict import Verdict

GUEST_NIC = address(3)  # of GPU_AUDIO
# What makes an image the one or the other, and a console that the verdict has for itself.
BUSYBOX, SYSTEMD = "udev", "systemd"
QUIET = ("systemd.show_status=false",)


@dataclass(frozen=True)
class MkinitcpioCell:
    """An image and its boot; real: by mkinitcpio, otherwise by the stand-in."""

    real: bool
    boot: Cell
    hooks: Sequence[str]
    modules: Sequence[str] = ()
    warnings: Sequence[str] = ()
    suites: Sequence[str] = (TRIXIE,)

    @property
    def name(self) -> str:
        return f"mkinitcpio{'' if self.real else '-standin'}-{self.boot.name}"

    def obstacle(self) -> Optional[str]:
        """Return why this cell cannot run here, if that is so."""
        return "no mkinitcpio" if self.real and mkinitcpio_images.program() is None else None


def loaded(*modules: str) -> Check:
    """The native drivers were really there, or the cell would show nothing."""
    def check(verdict: Verdict) -> list[str]:
        return [f"{m} is not loaded" for m in modules if m not in verdict.modules]
    return check


def both_kinds(real: bool) -> list[MkinitcpioCell]:
    """The cells of busybox and of systemd images."""
    made = []
    for word, kind in (("busybox", BUSYBOX), ("systemd", SYSTEMD)):
        right = ("base", "vfio-early", kind, "vfio-test")
        late = ("base", kind, "vfio-early", "vfio-test")
        made += [
            MkinitcpioCell(real, Cell(
                f"{word}-twin-address", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), [bound(GPU1)],
                ["too late"], QUIET), right),
            MkinitcpioCell(real, Cell(
                f"{word}-native-modules", top.GPU_AUDIO, b"01:00.0\n03:00.0\n",
                on(GPU1, GUEST_NIC), [bound(GPU1), bound(GUEST_NIC)], ["too late"], QUIET,
                check=loaded("bochs", "e1000e")), right, ("bochs", "e1000e")),
            # Only in busybox images does the order in HOOKS mean anything.
            MkinitcpioCell(real, Cell(
                f"{word}-misplaced", top.TWIN_GPUS, b"01:00.0\n", on(GPU1),
                ["came too late"] if kind == BUSYBOX else (),
                () if kind == BUSYBOX else ["too late"], QUIET), late,
                warnings=["stands after udev in HOOKS"] if kind == BUSYBOX else ()),
        ]
    return made


def usual_hooks(kind: str, name: str) -> MkinitcpioCell:
    """HOOKS as a distribution writes it, with all that puts display drivers into the image."""
    hooks = ("base", "vfio-early", kind, "autodetect", "microcode", "modconf", "kms",
             "vfio-test")
    return MkinitcpioCell(True, Cell(name, top.TWIN_GPUS, b"01:00.0\n", on(GPU1),
                                     [bound(GPU1)], ["too late"], QUIET), hooks, ("bochs",))


ALL = (*both_kinds(False), *both_kinds(True), usual_hooks(BUSYBOX, "busybox-usual-hooks"),
       usual_hooks(SYSTEMD, "systemd-usual-hooks"))


def spec(cell: MkinitcpioCell, binary: Path) -> mkinitcpio_images.Spec:
    program = mkinitcpio_images.program() if cell.real else None
    return mkinitcpio_images.Spec(program, cell.hooks, cell.modules, cell.boot.config, binary)


def wrong_image(cell: MkinitcpioCell, image: Image) -> list[str]:
    """Everything about the build that is not as the cell expects."""
    wrong = []
    if image.initrd is None:
        return [f"no image, status {image.status}"]
    if not cell.real and image.status != 0:
        wrong.append(f"the stand-in ended with {image.status}")
    lines = image.warnings()
    wrong += [f"not said: {p}" for p in cell.warnings
              if not any(re.search("WARNING: .*vfio-early: .*" + p, line) for line in lines)]
    wrong += [f"said: {line}" for line in lines
              if not any(re.search(p, line) for p in cell.warnings)]
    return wrong
