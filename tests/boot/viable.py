# SPDX-License-Identifier: LGPL-2.1-or-later
"""Brings guest/viable.c into an image, to ask the kernel about groups."""

import trials

# The kernel's own headers, which musl does not bring.
HEADERS = ("-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu")
PLACE = "usr/lib/vfio-test/viable"
HOOK = f"""#!/bin/sh
[ "$1" != prereqs ] || exit 0
mkdir -p "$DESTDIR/{PLACE.rpartition('/')[0]}"
cp "/{PLACE}" "$DESTDIR/{PLACE}"
"""


def files() -> dict[str, bytes]:
    """Return the files for an image of initramfs-tools; without the program where it cannot
    be compiled, and then the cell fails that asks it."""
    made = {"/etc/initramfs-tools/hooks/zz-viable": HOOK.encode()}
    try:
        made[f"/{PLACE}"] = trials.program("viable.c", *HEADERS).read_bytes()
    except (OSError, trials.TrialError):
        pass
    return made
