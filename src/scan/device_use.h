/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What uses a function that a driver already holds: file systems and layers on the disks
 * behind it, network interfaces that are up, processes with its sound devices open.
 *
 * Early in the boot nothing is mounted yet, and nothing of this is there: what the host
 * will need is for the guards root-disk and storage to say (host_needs.h).
 */
#pragma once

#include "core/machine.h"

/* Sets function->use and use_text. */
void device_use_find(int root, struct pci_function *function);
