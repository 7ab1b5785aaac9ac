# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes that an adapter adds to a real image, built by the generator itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/boot"))

import generators  # noqa: E402
from images import Image, ImageError, ImageSpec  # noqa: E402

GENERATORS = ("initramfs-tools", "dracut", "dracut-no-systemd")
RULE = b"01:00.0 id=10de:2206\n"
NO_RULE = b"# no rules\n"

# The way of the wikis: a script, and the modules beside it.
HOOK = """#!/bin/sh
case $1 in prereqs) exit 0 ;; esac
. /usr/share/initramfs-tools/hook-functions
manual_add_modules vfio-pci vfio_iommu_type1
"""
SETUP = """#!/bin/bash
check() { return 0; }
installkernel() { hostonly='' instmods vfio-pci vfio_iommu_type1; }
install() {
    inst_multiple bash modprobe
    inst_hook pre-udev 00 "$moddir/override.sh"
}
"""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the images of one generator, built in the same way."""

    generator: str
    without: int
    script: int
    no_rule: int
    rule: int


def _size(image: Image) -> int:
    if image.status or image.initrd is None:
        raise ImageError(f"status {image.status}: {image.log[-1500:]}")
    return image.initrd.stat().st_size


def _script_files(generator: str) -> dict[str, bytes]:
    script = (TOP / "bench/guest/override-by-address").read_bytes()
    if generator == "initramfs-tools":
        return {"/etc/initramfs-tools/scripts/init-top/override": script,
                "/etc/initramfs-tools/hooks/override": HOOK.encode()}
    module = "/usr/lib/dracut/modules.d/90override"
    return {f"{module}/module-setup.sh": SETUP.encode(), f"{module}/override.sh": script}


def measure(generator: str, binder: Path) -> Sizes:
    """Builds four images, or finds them in the cache."""
    without = ImageSpec(generator=generator, binary=None, adapter=False)
    ours = ImageSpec(generator=generator, binary=binder)
    return Sizes(generator, *(_size(generators.build_image(spec)) for spec in (
        without, replace(without, files=_script_files(generator)),
        replace(ours, config=NO_RULE), replace(ours, config=RULE))))
