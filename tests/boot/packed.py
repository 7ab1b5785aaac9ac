# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files on their way into a root: name, kind, mode, and contents or the target of a link."""

import io
import tarfile
from pathlib import Path
from typing import Mapping, Sequence, Tuple

Packed = Tuple[str, bytes, int, bytes]  # the kind is tarfile's


def regular(name: str, data: bytes, mode: int = 0o644) -> Packed:
    """Return a file of these contents."""
    return name, tarfile.REGTYPE, mode, data


def copied(name: str, source: Path, mode: int = 0o644) -> Packed:
    """Return a file with the contents of another one."""
    return regular(name, source.read_bytes(), mode)


def link(name: str, target: str) -> Packed:
    """Return a symbolic link."""
    return name, tarfile.SYMTYPE, 0o777, target.encode()


def folder(name: str) -> Packed:
    """Return an empty folder."""
    return name, tarfile.DIRTYPE, 0o755, b""


def fifo(name: str) -> Packed:
    """Return a named pipe that nobody writes to."""
    return name, tarfile.FIFOTYPE, 0o644, b""


def tree(target: str, source: Path) -> list[Packed]:
    """Return all files below a folder, each executable by whom it is so there."""
    return [copied(f"{target}/{path.relative_to(source)}", path, path.stat().st_mode & 0o777)
            for path in sorted(source.rglob("*")) if path.is_file()]


def installed(table: Mapping[str, Path]) -> list[Packed]:
    """Return files as a package has them: executable where the source is."""
    return [copied(name, source, 0o755 if source.stat().st_mode & 0o100 else 0o644)
            for name, source in table.items()]


def tar(files: Sequence[Packed]) -> bytes:
    """Return the files as a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind, mode, data in files:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, mode
            if kind == tarfile.SYMTYPE:
                info.linkname, data = data.decode(), b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()
