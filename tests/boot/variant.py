# SPDX-License-Identifier: LGPL-2.1-or-later
"""A VFIO driver of the kernel's own besides vfio-pci, built for Debian's kernel.

Debian enables none of them. virtio_vfio_pci is the one that asks nothing of a device but to be
a PCI function (virtiovf_pci_probe() in drivers/vfio/pci/virtio/main.c), so that an emulated one
will do; the source is the one that Debian built its kernel from.
"""

import tarfile
from pathlib import Path
from typing import Iterator

import cache
import kernels
import packed
import roots
from packed import Packed

SUITE = "trixie"  # the one whose source kernels.SOURCE_SUITE has
FOLDER = "drivers/vfio/pci/virtio/"
DRIVER = "virtio_vfio_pci"

BUILD = """
set -e
mkdir /tmp/module
tar -x -f - -C /tmp/module --no-same-owner
make -C "/lib/modules/$VERSION/build" M=/tmp/module CONFIG_VIRTIO_VFIO_PCI=m modules
cp /tmp/module/virtio-vfio-pci.ko /run/vfio-early/out/
"""


def built(kernel: kernels.Kernel) -> Path:
    """Return the folder that holds the module for this kernel."""
    headers = roots.root(SUITE, base=(f"linux-headers-{kernel.version}", "make"))
    source = roots.root(kernels.SOURCE_SUITE, base=kernels.TOOLS)
    key = cache.key_of("variant", BUILD, headers.key, source.key, kernel.version)

    def build(folder: Path) -> None:
        made = headers.run(["sh", "-c", BUILD], env={"VERSION": kernel.version},
                           binds=[(folder, "/run/vfio-early/out")],
                           stdin=packed.tar(list(_files(source))))
        if made.returncode:
            tail = made.stdout.decode(errors="replace")[-2000:]
            raise kernels.KernelError(f"the module {DRIVER} could not be built:\n{tail}")

    return cache.entry("modules", key, build)


def _files(source: roots.Root) -> Iterator[Packed]:
    """Yield the driver's folder of the kernel's source."""
    archive = next((source.path / "usr/src").glob("linux-source-*.tar.xz"))
    with tarfile.open(archive) as members:
        for member in members:
            name = member.name.partition("/")[2]
            if member.isfile() and name.startswith(FOLDER):
                data = members.extractfile(member)
                assert data is not None
                yield packed.regular(name.removeprefix(FOLDER), data.read())
