/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of one function that are common to all, and take no lock.
 */
#pragma once

#include "core/machine.h"

/*
 * Reads of ATTRIBUTES (enum attribute) the path, kind, driver and group. DEVICES is
 * /sys/bus/pci/devices. Returns 0 or -errno; some of them may be filled in then.
 */
int function_read(int devices, unsigned attributes, struct pci_function *function);
