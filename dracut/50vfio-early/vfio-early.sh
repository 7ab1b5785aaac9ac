#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Binds the configured PCI devices in an image without systemd. Sourced by process 1: no exit.

/usr/lib/vfio-early/vfio-early-boot --before-udev </dev/null >/dev/null 2>&1 || :
