# SPDX-License-Identifier: LGPL-2.1-or-later
"""A cache of built things (roots, kernels, images), each named by what made it."""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

STARTED = time.monotonic()
UNUSED_DAYS = 70


def say(text: str) -> None:
    """Print one step of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def folder() -> Path:
    """Return the cache folder, made if it does not exist."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(os.environ.get("VFIO_EARLY_CACHE") or Path(base, "vfio-early")).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def key_of(*parts: object) -> str:
    """Return the key of something made from these parts (all JSON can hold, bytes, paths)."""
    text = json.dumps(parts, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; another process that wants it waits."""
    with open(path, "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(kind: str, key: str, build: Callable[[Path], None],
          remove: Callable[[Path], None] = shutil.rmtree) -> Path:
    """Return the folder of a cached thing; build(folder) fills it where it is missing.

    It is filled under another name and renamed when complete, so an interrupted build
    leaves nothing that looks finished, and of two runs one builds and one waits.
    """
    shelf = folder() / kind
    shelf.mkdir(exist_ok=True)
    done = shelf / key
    if not done.exists():
        with locked(shelf / f".{key}.lock"):
            if not done.exists():
                _fill(shelf / f".{key}.new", done, build, remove)
                prune(shelf, remove)
    os.utime(done)
    return done


def _fill(new: Path, done: Path, build: Callable[[Path], None],
          remove: Callable[[Path], None]) -> None:
    """Build into new and rename it to done; on failure leave neither."""
    if new.exists():
        remove(new)
    new.mkdir()
    try:
        build(new)
        new.rename(done)
    except BaseException:
        if new.exists():
            remove(new)
        raise


def prune(shelf: Path, remove: Callable[[Path], None]) -> None:
    """Remove entries that no run has used for a long time."""
    limit = time.time() - UNUSED_DAYS * 86400
    for old in shelf.iterdir():
        if old.name.startswith(".") or old.stat().st_mtime > limit:
            continue
        with locked(shelf / f".{old.name}.lock"):
            remove(old)
