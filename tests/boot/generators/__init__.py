# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of generators: what builds images, each in each of its modes."""

import machine_view
from generators import dracut, initramfs_tools, layers, mkinitcpio, standalone
from generators.base import Generator
from images import Image, ImageError, ImageSpec

ALL = {generator.name: generator
       for generator in (*initramfs_tools.ALL, *layers.ALL, *dracut.ALL, *mkinitcpio.ALL,
                         *standalone.ALL)}


def named(name: str) -> Generator:
    """Return the generator of that name."""
    if name not in ALL:
        raise ImageError(f"no generator {name}, but {', '.join(ALL)}")
    return ALL[name]


def build_image(spec: ImageSpec) -> Image:
    """Return the image of a spec, built now or found in the cache."""
    view = None
    if spec.machine:
        teller = build_image(ImageSpec(binary=None, adapter=False, verdict="view"))
        view = machine_view.view(spec.machine, teller)
    return named(spec.generator).image(spec, view)
