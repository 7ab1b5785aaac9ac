/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block devices and the PCI functions they hang on, from sysfs, mountinfo, swaps and,
 * for what is on them, libblkid.
 */
#pragma once

#include "core/machine.h"

/* Whether the text of a sysfs link passes through this function. */
bool sysfs_link_is_below(const char *link, const struct pci_address *address);

/*
 * Looks for a use of FUNCTION by block devices: USE_BUSY with words, USE_UNKNOWN with
 * words, or USE_IDLE.
 */
enum use block_facts_use(
	int root, const struct pci_function *function, char *words, size_t size);
