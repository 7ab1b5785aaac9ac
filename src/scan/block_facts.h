/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses the block devices behind a PCI function, from sysfs, mountinfo and swaps. What
 * the host will need of them later is another question: see host_needs.h.
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
