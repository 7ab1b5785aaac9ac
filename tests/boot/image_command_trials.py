# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vfio-early image` on good and on broken machines: guest/standalone/image-command says it all."""

from __future__ import annotations

from pathlib import Path

import images
import kernels
import root_scripts
import roots
from cells import BOOKWORM, TRIXIE
from generators.standalone import installed
from trials import Trial

GENERATOR = "standalone-initramfs-tools"


def command(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Return the lines that are not ok, if there are any; there have to be some that are."""
    root = roots.root(suite)
    kernel = kernels.of_root(root)
    return root_scripts.try_script("standalone/image-command", "nothing-left", root,
                                   installed(binary), {"VERSION": kernel.version},
                                   images.kernel_binds(kernel), transcript)


ALL = (Trial("image-command", command, GENERATOR, (BOOKWORM, TRIXIE)),)
