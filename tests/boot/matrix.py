# SPDX-License-Identifier: LGPL-2.1-or-later
"""In which order the cells run, how many at a time, and the table of what came of them."""

from __future__ import annotations

import os
from collections import Counter
from typing import Callable, Hashable, Mapping, Protocol, Sequence, TypeVar

import scenarios

MIB_PER_BOOT = 1500  # the machine's memory, and what the emulator takes besides
POOLS = 2  # as many boots again may wait beside those that compute


class Named(Protocol):
    """What the table shows of a cell on a suite."""

    @property
    def name(self) -> str: ...

    @property
    def column(self) -> str: ...


Anything = TypeVar("Anything")


def boots_at_a_time() -> int:
    """As many as there are cores, and as memory allows."""
    pages = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(os.cpu_count() or 1, pages // (POOLS * MIB_PER_BOOT << 20)))


def ordered(jobs: Sequence[Anything], shared: Callable[[Anything], Hashable],
            long: Callable[[Anything], bool]) -> list[Anything]:
    """The long ones first, and of those that share a baseline one before all others.

    So no thread waits for a baseline that another one boots, as long as there is other work.
    """
    seen: Counter[Hashable] = Counter()
    keyed = []
    for job in jobs:
        key = shared(job)
        keyed.append((not long(job), seen[key] > 0))
        seen[key] += 1
    return [jobs[i] for i in sorted(range(len(jobs)), key=keyed.__getitem__)]


def table(jobs: Sequence[Named], outcomes: Mapping[str, str]) -> list[str]:
    """Each column with its scenarios, and how many of its other cells passed.

    outcomes: the name of a job -> "ok", "FAILED" or "skip".
    """
    columns = sorted({job.column for job in jobs})
    rows = [["", *scenarios.NAMES, "others"]]
    for column in columns:
        here = {job.name: outcomes[job.name] for job in jobs if job.column == column}
        named = {f"boot/{column}/{name}": name for name in scenarios.NAMES}
        others = [word for name, word in here.items() if name not in named]
        rows.append([column, *(here.get(name, "-") for name in named),
                     f"{others.count('ok')}/{len(others)}" if others else "-"])
    width = max(map(len, columns))
    return [" ".join([first.ljust(width), *(word.rjust(9) for word in rest)])
            for first, *rest in rows]
