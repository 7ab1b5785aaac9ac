# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes that an adapter adds to a real image, built by the generator itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/boot"))

import generators  # noqa: E402
from images import ImageError, ImageSpec  # noqa: E402

GENERATORS = ("initramfs-tools", "dracut", "dracut-no-systemd", "mkinitcpio-busybox",
              "mkinitcpio-systemd")
MODULES = ("vfio-pci", "vfio_iommu_type1")
RULE = b"01:00.0 id=10de:2206\n"

# The way of the wikis: the modules, and a script beside them.
HOOK = f"""#!/bin/sh
case $1 in prereqs) exit 0 ;; esac
. /usr/share/initramfs-tools/hook-functions
manual_add_modules {' '.join(MODULES)}
"""
SETUP = f"""#!/bin/bash
check() {{ return 0; }}
installkernel() {{ hostonly='' instmods {' '.join(MODULES)}; }}
"""
SCRIPT = """install() {
    inst_multiple bash modprobe
    inst_hook pre-udev 00 "$moddir/override.sh"
}
"""
RUN = """build() {
    add_binary bash
    add_runscript
}
"""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the images of one generator, built in the same way."""

    generator: str
    without: int
    modules: int
    rule: int
    script: int


def _size(spec: ImageSpec) -> int:
    image = generators.build_image(spec)
    # A tool that misses something in Debian says so by its status, and has made the image.
    if image.initrd is None or (image.status and generators.named(spec.generator).complete):
        raise ImageError(f"status {image.status}: {image.log[-1500:]}")
    return image.initrd.stat().st_size


def _more(generator: str, script: bool) -> dict[str, object]:
    """Return what a spec has for the modules, and for the script as well."""
    source = (TOP / "bench/guest/override-by-address").read_bytes()
    if generator.startswith("mkinitcpio"):
        library = "/usr/lib/initcpio"
        files = {f"{library}/install/override": RUN.encode(),
                 f"{library}/hooks/override": b"run_earlyhook() {\n" + source + b"}\n"}
        # Those of the harness, and the hook.
        hooks = f"HOOKS=(base {'override' if script else ''} {generator[11:]} vfio-test)\n"
        return {"conf": f"MODULES=({' '.join(MODULES)})\n{hooks.replace('busybox', 'udev')}",
                "files": files if script else {}}
    if generator == "initramfs-tools":
        files = {"/etc/initramfs-tools/hooks/override": HOOK.encode()}
        if script:
            files["/etc/initramfs-tools/scripts/init-top/override"] = source
        return {"files": files}
    module = "/usr/lib/dracut/modules.d/90override"
    files = {f"{module}/module-setup.sh": (SETUP + (SCRIPT if script else "")).encode()}
    if script:
        files[f"{module}/override.sh"] = source
    return {"files": files}


def obstacle(generator: str) -> Optional[str]:
    """Return why a generator cannot run here, if so."""
    return generators.named(generator).obstacle()


def measure(generator: str, binder: Path) -> Sizes:
    """Builds four images, or finds them in the cache."""
    without = ImageSpec(generator=generator, binary=None, adapter=False)
    ours = ImageSpec(generator=generator, binary=binder, config=RULE)
    return Sizes(generator, *(_size(spec) for spec in (
        without, replace(without, **_more(generator, False)), ours,
        replace(without, **_more(generator, True)))))
