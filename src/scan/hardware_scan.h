/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts that only some rules ask for. What cannot be found out is left as it is: no
 * serial number, no virtual function.
 */
#pragma once

#include "core/machine.h"

/* Takes the device's lock, and touches the hardware. */
void hardware_read_serial(int root, struct pci_function *function);

void hardware_read_vf_of(int root, struct pci_function *function);
