#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds one image from the command line and puts it where asked."""

import argparse
import shutil
import sys
from pathlib import Path

import generators
import kernels
import roots
from images import FORMATS, ImageError, ImageSpec


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default=ImageSpec.suite)
    parser.add_argument("--kernel", default="distribution",
                        help="distribution, small, missing, or the name of another suite")
    parser.add_argument("--binary", type=Path, default=ImageSpec.binary)
    parser.add_argument("--config", type=Path, help="the file to install as vfio-early.conf")
    parser.add_argument("--modules", default="list", help="list, most, netboot, dep")
    parser.add_argument("--generator", default=ImageSpec.generator, choices=generators.ALL)
    parser.add_argument("--conf", default="", help="lines for the generator's own configuration")
    parser.add_argument("--module-format", choices=FORMATS)
    parser.add_argument("--without", action="append", default=[], metavar="MODULE")
    parser.add_argument("-o", "--output", type=Path, help="where to copy the image to")
    given = parser.parse_args()
    known = given.kernel in ("distribution", "small", "missing")
    spec = ImageSpec(suite=given.suite, kernel=given.kernel if known else ("suite", given.kernel),
                     binary=given.binary, modules=given.modules, without_modules=given.without,
                     config=given.config.read_bytes() if given.config else None,
                     conf=given.conf, module_format=given.module_format,
                     generator=given.generator)
    try:
        image = generators.build_image(spec)
    except (ImageError, kernels.KernelError, roots.RootError, OSError) as problem:
        print(f"build_image: {problem}", file=sys.stderr)
        return 1
    print(image.log, end="", file=sys.stderr)
    print(f"kernel {image.kernel}\ninitrd {image.initrd}")
    if given.output and image.initrd:
        shutil.copyfile(image.initrd, given.output)
    return image.status


if __name__ == "__main__":
    sys.exit(main())
