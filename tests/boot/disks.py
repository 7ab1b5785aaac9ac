# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disk images for the machines; made once, never written to by a boot (snapshot=on)."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Mapping, Optional

import cache
from overlay import Contents

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


def put_onto(disk: Path, files: Mapping[str, Contents]) -> None:
    """Write files by absolute path into an ext4 file system, as root's."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-put.") as folder:
        commands = ""
        for number, (path, contents) in enumerate(files.items()):
            mode, data = contents if isinstance(contents, tuple) else (0o644, contents)
            source = Path(folder, str(number))
            source.write_bytes(data)
            above = path.strip("/").split("/")[:-1]
            commands += "".join(f"mkdir /{'/'.join(above[:depth])}\n"
                                for depth in range(1, len(above) + 1))
            commands += (f"rm {path}\nwrite {source} {path}\nsif {path} mode 0{0o100000 | mode:o}\n"
                         f"sif {path} uid 0\nsif {path} gid 0\n")
        subprocess.run(["/usr/sbin/debugfs", "-w", "-f", "-", str(disk)], input=commands,
                       text=True, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def copied(disk: Path, target: Path, files: Mapping[str, Contents]) -> Path:
    """Copy a disk image with an ext4 file system, put files onto it, and return the copy."""
    subprocess.run(["cp", "--sparse=always", str(disk), str(target)], check=True)
    put_onto(target, files)
    return target


def obstacle() -> Optional[str]:
    """Why nothing can be put onto a disk here, if so."""
    return None if shutil.which("debugfs", path="/usr/sbin:/sbin") else "debugfs is not installed"
