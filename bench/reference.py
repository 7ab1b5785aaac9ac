# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exact figures that must not grow: bytes, instructions and system calls.

bench/run writes them to bench/reference.json; tests/checks/figures measures them again.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import planning

TOP = Path(__file__).resolve().parent.parent
FILE = TOP / "bench/reference.json"
PROGRAMS = ("vfio-early-boot", "vfio-early-init", "vfio-early")
FUNCTIONS = 512
MARGIN = 0.02  # what a change may cost without a new reference


def compiler() -> str:
    """Another compiler makes other instructions: figures are compared for the same one only."""
    return subprocess.run(["gcc", "--version"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.splitlines()[0]


def stripped(program: Path) -> bytes:
    """The program as it is installed."""
    with tempfile.NamedTemporaryFile(prefix="vfio-early-bench.") as target:
        subprocess.run(["strip", "-o", target.name, program], check=True)
        return Path(target.name).read_bytes()


def measure(build: Path) -> dict[str, int]:
    """All of them by name, in seconds."""
    found = {f"bytes of {name}": len(stripped(build / name)) for name in PROGRAMS}
    for task in planning.TASKS:
        with planning.machine(task, FUNCTIONS) as root:
            command = task.command(build, root)
            found[f"instructions: {task.name}"] = planning.instructions(command)
            found[f"system calls: {task.name}"] = planning.calls(command)
    return found


def write(figures: dict[str, int]) -> None:
    FILE.write_text(json.dumps({"license": "SPDX-License-Identifier: LGPL-2.1-or-later", "compiler": compiler(), "functions": FUNCTIONS,
                                "figures": figures}, indent=1) + "\n", encoding="ascii")


def read() -> dict[str, object]:
    return json.loads(FILE.read_text(encoding="ascii"))
