# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel module of hang_module/, built for a suite's kernel out of its tree."""

from pathlib import Path

import cache
import kernels
import packed
import roots

SOURCE = Path(__file__).resolve().parent / "hang_module"
NAME = "vfio-hang"

BUILD = """
set -e
mkdir /tmp/module
tar -x -f - -C /tmp/module --no-same-owner
make -C "/lib/modules/$VERSION/build" M=/tmp/module modules
cp /tmp/module/vfio_hang.ko /run/vfio-early/out/
"""


def built(suite: str, kernel: kernels.Kernel) -> Path:
    """Return the folder that holds the module for this kernel of that suite."""
    headers = roots.root(suite, base=(f"linux-headers-{kernel.version}", "make"))
    files = packed.tree(".", SOURCE)
    key = cache.key_of("hang", BUILD, headers.key, kernel.version,
                       [(name, data.hex()) for name, _, _, data in files])

    def build(folder: Path) -> None:
        made = headers.run(["sh", "-c", BUILD], env={"VERSION": kernel.version},
                           binds=[(folder, "/run/vfio-early/out")], stdin=packed.tar(files))
        if made.returncode:
            tail = made.stdout.decode(errors="replace")[-2000:]
            raise kernels.KernelError(f"the module {NAME} could not be built:\n{tail}")

    return cache.entry("modules", key, build)
