/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses the block devices behind PCI functions, from sysfs, mountinfo and swaps. What
 * the host will need of them later is another question: see host_needs.h.
 */
#pragma once

#include "class_links.h"
#include "core/machine.h"

/* Read once, for all functions that are asked about. */
struct block_uses {
	int root;
	struct class_links links;
	char *mountinfo; /* NULL: not to be read */
	char *swaps;     /* likewise, as in a kernel without swap */
};

/* Returns 0 or -ENOMEM. */
int block_uses_read(int root, struct block_uses *ret_uses);
void block_uses_clear(struct block_uses *uses);

/*
 * Looks for a use of FUNCTION by block devices: USE_BUSY with words, USE_UNKNOWN with
 * words, or USE_IDLE.
 */
enum use block_uses_find(const struct block_uses *uses,
	const struct pci_function *function, char *words, size_t size);
