# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vfio-early image` on good and on broken machines: guest/standalone/image-command says it all."""

from __future__ import annotations

from pathlib import Path

import images
import kernels
import packed
import roots
from cells import BOOKWORM, TRIXIE
from generators.standalone import installed
from trials import GUEST, Trial

GENERATOR = "standalone-initramfs-tools"
SCRIPT = GUEST / "standalone/image-command"
RUN = "tar -x -f - -C / --no-same-owner --keep-directory-symlink && exec /run/image-command"


def command(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Return the lines that are not ok, if there are any; there have to be some that are."""
    root = roots.root(suite)
    kernel = kernels.of_root(root)
    files = [*installed(binary), packed.copied("run/image-command", SCRIPT, 0o755)]
    made = root.run(["sh", "-c", RUN], env={"VERSION": kernel.version},
                    binds=images.kernel_binds(kernel), stdin=packed.tar(files))
    text = made.stdout.decode(errors="replace")
    transcript.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    wrong = [line for line in lines if line.startswith("not ok")]
    if made.returncode or "ok nothing-left" not in lines:
        wrong.append(f"ended with {made.returncode}: {' '.join(lines[-2:])}")
    return wrong


ALL = (Trial("image-command", command, GENERATOR, (BOOKWORM, TRIXIE)),)
