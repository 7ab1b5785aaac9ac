/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process has a function open through VFIO: its group's /dev/vfio/N, or its own
 * /dev/vfio/devices/vfioN where the kernel has such.
 */
#pragma once

#include "core/machine.h"

#define VFIO_USE_TEXT_MAX 160

/*
 * Returns 1 and sets OUT ("process 123 (qemu-system-x86) has /dev/vfio/14 open"), 0 where
 * nobody has it, or -errno where that cannot be found out. A process that ends meanwhile
 * has nothing open.
 */
int vfio_use_find(
	int root, const struct pci_function *function, char out[VFIO_USE_TEXT_MAX]);
