#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Binds the configured PCI devices in an image without systemd. Sourced by process 1: no exit.

# Here udevd makes this socket itself: where it exists, we come too late, and say so.
if [ -e /run/udev/control ]; then
	/usr/lib/vfio-early/vfio-early-boot --after-udev </dev/null >/dev/null 2>&1 || :
else
	/usr/lib/vfio-early/vfio-early-boot </dev/null >/dev/null 2>&1 || :
fi
