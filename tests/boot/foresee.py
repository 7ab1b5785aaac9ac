# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets a guest foresee its next boot with the host's program, and counts where that was done."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Iterable, Mapping, Sequence

import cache
import images
import overlay
from images import Image
from overlay import Contents
from trials import GUEST

# Where a guest has the program of the host, and what stands for it.
STAND_IN = "/usr/lib/vfio-test/vfio-early"
PROGRAM = "/usr/lib/vfio-test/host/vfio-early"
BUILT = images.TREE / "build/vfio-early"


def with_program(files: Mapping[str, Contents]) -> dict[str, Contents]:
    """Return files and what a guest needs besides."""
    return {**files, PROGRAM: (0o755, BUILT.read_bytes()),
            STAND_IN: (0o755, (GUEST / "foresee").read_bytes())}


def image(of: Image, files: Mapping[str, Contents]) -> Image:
    """Return an image that is to be put into something else, with files and the program."""
    assert of.initrd is not None
    source = of.initrd
    made = with_program(files)
    key = cache.key_of("foresee", of.key, cache.file_hash(BUILT), overlay.archive(made).hex())

    def build(folder: Path) -> None:
        overlay.put_over(source, made, folder / "initrd")

    return replace(of, initrd=cache.entry("images", key, build) / "initrd", key=key)


def summary(faults: Iterable[str], reasons: Iterable[str], compared: int) -> Sequence[str]:
    """Return lines: of how many tests the boots were foreseen, and what was different in others.

    faults: of those in which a fault made something else of a device, in a phrase.
    reasons: what other boots are, which are not compared.
    """
    lines = [f"what check foresees is what the boot did: {compared} tests"]
    for words, found in (("but for a device of which a fault made something else", faults),
                         ("not compared", reasons)):
        lines += [f"{words}: {count}, {reason}" for reason, count in sorted(Counter(found).items())]
    return lines
