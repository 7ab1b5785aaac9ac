# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the harness that are no comparison of a verdict with a baseline's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Sequence, Union

import cache

COMPILER = "musl-gcc"
GUEST = Path(__file__).resolve().parent / "guest"

# (suite, the binder that was built, transcript) -> what is not as it should be
Test = Callable[[str, Path, Path], list[str]]


class TrialError(Exception):
    """A trial cannot be made."""


@dataclass(frozen=True)
class Trial:
    """One test with a name in the table; why_not says why it cannot run here, if so.

    foresees    whether it boots, and that is compared with what check foresees
    fault       what makes something else of a device there, in a phrase
    """

    name: str
    test: Test
    generator: str
    suites: Sequence[str]
    why_not: Optional[Callable[[], Optional[str]]] = None
    kernel: Union[str, tuple[str, str]] = "distribution"
    quick: bool = False
    foresees: bool = False
    fault: str = ""


def program(source: str, *flags: str) -> Path:
    """Return a static program for the guest, compiled now or found in the cache."""
    path = GUEST / source
    key = cache.key_of("program", path.read_text(encoding="utf-8"), flags)

    def build(folder: Path) -> None:
        made = subprocess.run([COMPILER, "-static", "-Os", "-D_GNU_SOURCE", *flags, "-o",
                               str(folder / "program"), str(path)], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if made.returncode:
            raise TrialError(f"{source} does not compile: {made.stdout[-1000:]}")

    return cache.entry("programs", key, build) / "program"
