/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hangs on PCI functions, by a folder of links in /sys/class: read once, and then
 * asked for each of many functions.
 */
#pragma once

#include "core/pci_address.h"

#include <stddef.h>

#define CLASS_NAME_MAX 256 /* NAME_MAX and its end */

struct class_entry {
	char name[CLASS_NAME_MAX];
};

/* An entry whose link passes through a function. */
struct class_pass {
	struct pci_address address;
	size_t entry;
};

struct class_links {
	struct class_entry *entries;
	size_t count, capacity;
	struct class_pass *passes; /* by address, then by entry, both ascending */
	size_t pass_count, pass_capacity;
	/* 0, or why not all of it could be read, and of which entry first, "" for the
	 * folder. What is gone when it is looked at is not there. */
	int error;
	char unread[CLASS_NAME_MAX];
};

/*
 * Reads ROOT/PATH, the entries that begin with PREFIX. Without the folder there are none.
 * MORE may be NULL; else it is asked for each link, and may add passes of its entry.
 * Returns 0 or -ENOMEM.
 */
int class_links_read(int root, const char *path, const char *prefix,
	int (*more)(struct class_links *links, int root, const char *link),
	struct class_links *ret_links);
void class_links_clear(struct class_links *links);

/* For MORE: the last entry passes through every function in LINK. Returns 0 or -ENOMEM.
 */
int class_links_add(struct class_links *links, const char *link);

/* The index of the first pass through a function, pass_count without one; the others
 * follow it. */
size_t class_links_first(
	const struct class_links *links, const struct pci_address *address);
