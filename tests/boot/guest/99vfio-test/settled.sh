#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by dracut where it has nothing left to do but to wait for the root.

udevadm settle --timeout=120
PATH=/usr/lib/vfio-test:$PATH /usr/lib/vfio-test/verdict
