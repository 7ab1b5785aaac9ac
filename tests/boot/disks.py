# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disk images for the machines; made once, never written to by a boot (snapshot=on)."""

import subprocess
from pathlib import Path

import cache

ROOT_UUID = "5f0e7a4c-3b1d-4c55-9d1e-6a7b8c9d0e1f"
SIZE_MIB = 16


def ext4() -> Path:
    """Return the path of a disk that holds an ext4 file system with ROOT_UUID."""
    def build(folder: Path) -> None:
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-U", ROOT_UUID,
                        str(folder / "disk"), f"{SIZE_MIB}M"],
                       check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})

    return cache.entry("disks", cache.key_of("ext4", ROOT_UUID, SIZE_MIB), build) / "disk"


def blank() -> Path:
    """Return the path of a disk of 256 MiB with nothing on it, for a guest to fill."""
    def build(folder: Path) -> None:
        with (folder / "disk").open("wb") as disk:
            disk.truncate(256 << 20)

    return cache.entry("disks", cache.key_of("blank", 256), build) / "disk"
