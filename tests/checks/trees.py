# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines of tests/machines as folders, for checks that type commands on them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Iterator, Sequence

TOP = Path(__file__).resolve().parent.parent.parent


def _machines() -> ModuleType:
    """The check of the machines, which can unpack a capture."""
    loader = importlib.machinery.SourceFileLoader("machines", str(TOP / "tests/checks/machines"))
    spec = importlib.util.spec_from_loader("machines", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@contextmanager
def tree(machine: str, files: Sequence[str] = ()) -> Iterator[Path]:
    """Yield a folder with a machine, named by its folder, without its configuration and with
    these empty files added; it is gone afterwards."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # hundreds of small files
    with tempfile.TemporaryDirectory(prefix="vfio-early-tree-", dir=memory) as scratch:
        folder = Path(scratch)
        _machines().unpack((TOP / machine / "capture.txt").read_text(encoding="utf-8"), folder)
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        yield folder
