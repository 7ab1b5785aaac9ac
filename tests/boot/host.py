# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs vfio-early, as the image has it, in the root file system that the boot goes on to:
for what its udev does there, with the modules that are there."""

INSTALL = b"""#!/bin/sh
[ "$1" != prereqs ] || exit 0
for file in /usr/lib/vfio-early/vfio-early-boot /usr/lib/udev/rules.d/60-vfio-early.rules \\
	/etc/vfio-early.conf; do
	[ -e "$file" ] || continue
	mkdir -p "$rootmnt${file%/*}"
	cp "$file" "$rootmnt$file"
done
"""


def files() -> dict[str, bytes]:
    """Return the files for an image of initramfs-tools."""
    return {"/etc/initramfs-tools/scripts/init-bottom/zz-host": INSTALL}
