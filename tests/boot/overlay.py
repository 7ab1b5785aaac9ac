# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files put over an image that was built: the kernel unpacks archives in a row."""

from pathlib import Path
from typing import Mapping, Union

Contents = Union[bytes, tuple[int, bytes]]  # with another mode than 644

MAGIC = b"070701"


def _member(name: str, mode: int, data: bytes) -> bytes:
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = MAGIC + b"".join(b"%08X" % field for field in fields) + path
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def archive(files: Mapping[str, Contents]) -> bytes:
    """Return a cpio archive of files by absolute path; root owns them."""
    made = b""
    for name in sorted(files):
        path = name.lstrip("/")
        above = path.split("/")[:-1]
        for depth in range(1, len(above) + 1):
            made += _member("/".join(above[:depth]), 0o040755, b"")
        contents = files[name]
        mode, data = contents if isinstance(contents, tuple) else (0o644, contents)
        made += _member(path, 0o100000 | mode, data)
    made += _member("TRAILER!!!", 0, b"")
    return made + b"\0" * (-len(made) % 512)


def put_over(initrd: Path, files: Mapping[str, Contents], target: Path) -> Path:
    """Write the image with the files behind it to target, which is returned."""
    data = initrd.read_bytes()
    target.write_bytes(data + b"\0" * (-len(data) % 512) + archive(files))
    return target
