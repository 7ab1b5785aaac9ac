# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instructions, system calls and memory of list, plan and guards on machines of many sizes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

import sysroot

SIZES = (32, 512, 4096, 32768)
ADDRESSES = "01:00.0 id=10de:2206\n01:01.0 id=144d:a808\n"
RULES = ("keep 01:00.1\n"
         "class=03 with=group\n"
         "id=144d:a808 with=slot allow=storage\n"
         "01:02.0 id=8086:1521 with=group allow=network\n")
# What valgrind and strace do not see of this machine must not change a figure.
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "COLUMNS": "80"}


@dataclass(frozen=True)
class Task:
    """A command on a fake machine."""

    name: str
    words: tuple[str, ...]
    config: str
    booted: bool

    def command(self, build: Path, root: Path) -> list[str]:
        return [str(build / self.words[0]), *self.words[1:], f"--sysroot={root}"]


TASKS = (
    Task("plan, 2 by address", ("vfio-early-boot", "--plan"), ADDRESSES, False),
    Task("plan and guards, 4 rules", ("vfio-early-boot", "--plan"), RULES, False),
    Task("list, 2 by address", ("vfio-early", "list"), ADDRESSES, True),
)


@dataclass(frozen=True)
class Figures:
    """Of one task on a machine of so many functions."""

    functions: int
    instructions: int
    calls: int
    peak_kib: int


@contextmanager
def machine(task: Task, functions: int) -> Iterator[Path]:
    """The fake machine of a task, in memory where there is a file system for that."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="vfio-early-bench.", dir=place))
    try:
        sysroot.make(folder, functions, task.config, task.booted)
        yield folder
    finally:
        shutil.rmtree(folder)


def _run(command: Sequence[object]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([str(word) for word in command], env=ENVIRONMENT, check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def instructions(command: Sequence[str]) -> int:
    """Of the program and all that it forks, as callgrind counts them."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-bench.") as folder:
        _run(["valgrind", "-q", "--tool=callgrind",
              f"--callgrind-out-file={folder}/%p", *command])
        return sum(int(re.search(r"^totals: (\d+)", path.read_text(), re.M)[1])
                   for path in Path(folder).iterdir())


def calls(command: Sequence[str]) -> int:
    """System calls of the program and all that it forks."""
    with tempfile.NamedTemporaryFile(prefix="vfio-early-bench.") as log:
        _run(["strace", "-f", "-o", log.name, *command])
        return sum(1 for line in Path(log.name).read_text(errors="replace").splitlines()
                   if re.match(r"\d+ +\w+\(", line))


def peak(command: Sequence[str]) -> int:
    """The most memory that the program held, in KiB; 0 where it is less than Python's.

    Linux counts what the process was before exec as well, which is the Python that starts it.
    """
    code = ("import resource,subprocess,sys;"
            "subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    found, least = (int(subprocess.run(["python3", "-c", code, *words], env=ENVIRONMENT,
                                       check=True, stdout=subprocess.PIPE, text=True).stdout)
                    for words in (command, ["true"]))
    return found if found > least * 1.1 else 0


def figures(task: Task, functions: int, build: Path) -> Figures:
    """Makes the machine and measures the task on it."""
    with machine(task, functions) as root:
        command = task.command(build, root)
        return Figures(functions, instructions(command), calls(command), peak(command))
