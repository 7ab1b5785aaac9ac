/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts about the hardware out of the bytes in which the kernel shows them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The device serial number in PCIe configuration space of LENGTH bytes: extended
 * capability 3 (PCI_EXT_CAP_ID_DSN in include/uapi/linux/pci_regs.h). False without it.
 */
bool pci_serial_from_config(
	const unsigned char *config, size_t length, uint64_t *ret_serial);
