# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a generator looks at to learn about the machine it runs on, as another machine has it.

The machine is booted once, with its native drivers, and tells its sysfs (links, uevents and
module aliases) and its loaded modules: guest/view. The folder that is kept has sys/, and
proc/ with the files that differ: modules, and mounts, where the root is a file system on no
block device, so that nobody looks for its disk.
"""

from __future__ import annotations

import base64
import gzip
import re
from pathlib import Path
from typing import Sequence

import cache
import qemu
import roots
from images import Image
from topologies import Topology

MARK = re.compile(r"@vfio-view (.*)\r?")
MOUNTS = "ubi0:root / ubifs rw 0 0\n"
LINK = re.compile(r"l.* (/sys/.*) -> (.*)")
# Colons are in addresses, and in what is in the files.
FILE = re.compile(r"(/sys/.*?/(?:uevent|modalias|vendor|device|class)):(.*)")
RECIPE = 2


def view(topology: Topology, image: Image) -> Path:
    """Return the folder for a machine; the image is one that tells, made by guest/view."""
    def build(folder: Path) -> None:
        machine = qemu.Machine(image.kernel, image.initrd or Path(), topology.options,
                               [*image.append, *topology.append, "vfio_early=off"])
        boot = qemu.run(machine, folder / "console")
        told = "".join(m[1] for m in map(MARK.fullmatch, boot.console.split("\n")) if m)
        if not told:
            raise roots.RootError(f"the machine told nothing: {boot.ended} {boot.message}")
        write(folder, gzip.decompress(base64.b64decode(told)).decode().splitlines())
        cache.say(f"view of {topology.name}: {boot.seconds:.0f} s")

    key = cache.key_of("view", RECIPE, topology.name, topology.options, image.key)
    return cache.entry("views", key, build)


def write(folder: Path, lines: Sequence[str]) -> None:
    """Make the folder from what the guest told."""
    (folder / "proc").mkdir()
    modules: list[str] = []
    files: dict[str, list[str]] = {}
    for line in lines:
        kind, _, rest = line.partition(" ")
        found = LINK.search(rest) if kind == "link" else None
        content = FILE.fullmatch(rest) if kind == "file" else None
        if kind == "module":
            modules.append(f"{rest}\n")
            (folder / f"sys/module/{rest.split()[0]}").mkdir(parents=True, exist_ok=True)
        elif content:
            files.setdefault(content[1], []).append(content[2])
        elif found:
            place = folder / found[1].lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(found[2])
    for path, text in files.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(text) + "\n", encoding="utf-8")
    if not modules or not files:
        raise roots.RootError("the machine told of no modules, or of no devices")
    (folder / "proc/modules").write_text("".join(modules), encoding="ascii")
    (folder / "proc/mounts").write_text(MOUNTS, encoding="ascii")
