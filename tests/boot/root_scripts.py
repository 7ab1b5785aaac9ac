# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scripts of guest/ that try the host's program in a root and print "ok NAME" or "not ok NAME"."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

import packed
import roots
from packed import Packed
from trials import GUEST

RUN = "tar -x -f - -C / --no-same-owner --keep-directory-symlink && exec /run/vfio-test-script"


def try_script(script: str, last: str, root: roots.Root, files: Sequence[Packed],
               env: Mapping[str, str], binds: Sequence[roots.Bind], transcript: Path) -> list[str]:
    """Run it there; return the lines that are not ok, or that it never came to LAST."""
    files = [*files, packed.copied("run/vfio-test-script", GUEST / script, 0o755)]
    made = root.run(["sh", "-c", RUN], env=env, binds=binds, stdin=packed.tar(files))
    said = made.stdout.decode(errors="replace")
    transcript.write_text(said, encoding="utf-8")
    lines = said.splitlines()
    wrong = [line for line in lines if line.startswith("not ok")]
    if made.returncode or f"ok {last}" not in lines:
        wrong.append(f"ended with {made.returncode}: {' '.join(lines[-2:])}")
    return wrong
