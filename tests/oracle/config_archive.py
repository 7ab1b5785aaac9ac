# SPDX-License-Identifier: LGPL-2.1-or-later
"""A configuration as a cpio archive, to be put behind an image that has another one.

The kernel unpacks archives one after the other, each from an offset that four divides. It
holds the configuration and its folders and nothing else: a folder that is a link in the image
(lib) would take the link's place.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Optional

from model import ETC, LIB, Config, File

_ZEROS = b"\0" * 3


def entry(name: str, mode: int, data: bytes, inode: int) -> bytes:
    """One member in the newc format, root's."""
    raw = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + _ZEROS[:-len(head) % 4] + data + _ZEROS[:-len(data) % 4]


def members(config: Config) -> list[tuple[str, int, bytes]]:
    made = [_file("etc", config.main or File("vfio-early.conf"))]
    for folder in (ETC, LIB):
        made.append((folder, stat.S_IFDIR | 0o755, b""))
        made += [_file(folder, file) for file in config.dropins.get(folder, ())]
    return made


def _file(folder: str, file: File) -> tuple[str, int, bytes]:
    name = f"{folder}/{file.name}"
    if file.unusable:
        return name, stat.S_IFDIR | 0o755, b""
    if file.data is None:
        return name, stat.S_IFLNK | 0o777, b"/dev/null"
    return name, stat.S_IFREG | 0o644, file.data


def archive(config: Config, facts: Optional[str]) -> bytes:
    made = members(config)
    if facts is not None:
        made.append(("etc/vfio-early.facts", stat.S_IFREG | 0o644, facts.encode()))
    parts = [entry(name, mode, data, inode)
             for inode, (name, mode, data) in enumerate(made, 1)]
    return b"".join([*parts, entry("TRAILER!!!", 0, b"", 0)])


def append(image: Path, config: Config, facts: Optional[str], to: Path) -> None:
    """facts None: those that the image was built with stay."""
    data = image.read_bytes()
    to.write_bytes(data + _ZEROS[:-len(data) % 4] + archive(config, facts))
