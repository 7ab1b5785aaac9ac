/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What uses a function that a driver already holds: file systems and layers on the disks
 * behind it, network interfaces that are up, processes with its sound devices open.
 *
 * For a storage controller it is not enough that nothing is seen: early in the boot
 * nothing is mounted yet. It counts as idle only where the root file system that the
 * command line names was found on a disk behind another function.
 */
#pragma once

#include "core/machine.h"

/* Sets function->use and use_text. */
void device_use_find(int root, struct pci_function *function);
