/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What uses a function that a driver already holds: file systems and layers on the disks
 * behind it, network interfaces that are up, processes with its sound devices open.
 *
 * Early in the boot nothing is mounted yet, and nothing of this is there: what the host
 * will need is for the guards root-disk and storage to say (host_needs.h).
 */
#pragma once

#include "block_facts.h"

/* What hangs on functions, read when the first of them is asked about. */
struct device_uses {
	int root;
	bool were_read;
	struct block_uses block;
	struct class_links interfaces;
	struct class_links cards;
};

struct device_uses device_uses_of(int root);
void device_uses_clear(struct device_uses *uses);

/* Sets function->use and use_text. */
void device_uses_find(struct device_uses *uses, struct pci_function *function);
