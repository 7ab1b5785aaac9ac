# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vfio-early add --rebuild` and `vfio-early rebuild` with the distribution's own command.

guest/rebuild says it all. A real Debian system, the machine of a capture, and the image that it
had before.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import check_trials
import generators
import images
import packed
import root_scripts
from cells import BOOKWORM, TRIXIE
from images import ImageSpec
from trials import Trial

# How an image is made first, the command that has to be run, and a line that it prints.
TOOLS = {
    "initramfs-tools": ("update-initramfs -c -k all", "update-initramfs -u -k all",
                        "update-initramfs: Generating /boot/initrd.img"),
    "dracut": ("dracut --force --regenerate-all", "dracut --force --regenerate-all",
               "dracut.*: [*]+ ")}


def rebuild(name: str):
    """Return the test of one generator."""
    def test(suite: str, binary: Path, transcript: Path) -> list[str]:
        spec = ImageSpec(suite=suite, generator=name, binary=binary)
        generator = generators.named(name)
        root = generator.root(suite)
        kernel = images.kernel_of(root, spec)
        first, command, speaks = TOOLS[name]
        files = [*generator.files(spec), *generator.settings(spec),
                 packed.copied("usr/bin/vfio-early", binary.with_name("vfio-early"), 0o755)]
        with tempfile.TemporaryDirectory(prefix="vfio-early-rebuild.") as machine:
            text = (check_trials.MACHINE / "capture.txt").read_text("utf-8")
            check_trials.unpack_capture(text, Path(machine))
            return root_scripts.try_script(
                "rebuild", "end", root, files,
                {"VERSION": kernel.version, "FIRST": first, "COMMAND": command, "SPEAKS": speaks,
                 **generator.environment(spec)},
                [*images.kernel_binds(kernel), (Path(machine, "sys"), "/sys")], transcript)
    return test


ALL = tuple(Trial("rebuild", rebuild(name), name, suites)
            for name, suites in (("initramfs-tools", (BOOKWORM,)), ("dracut", (TRIXIE,))))
