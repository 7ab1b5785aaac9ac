/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which functions a run has decided about since the boot.
 *
 * FOLDER/decided has a line for each, "ADDRESS NODE seen", and of those of an address the
 * last one counts. The number is that of the link in /sys/bus/pci/devices: a function
 * that was removed and came back has another one (the ids of kernfs nodes count up,
 * __kernfs_new_node() in fs/kernfs/dir.c). Runs may be at work side by side, so lines are
 * added by one write; when the list gets long, it is begun anew.
 *
 * For the udev rule, which passes over coldplug, each has a name in FOLDER/seen, all of
 * one empty file; without that folder there was no boot run, and nothing is noted.
 *
 * A function that lacks its driver, or an IOMMU, waits instead (guard_waits()), and has
 * no such name: the system that the boot goes on to may have the module, and is asked by
 * its coldplug.
 */
#pragma once

#include "core/machine.h"

#define SEEN_FOLDER "/run/vfio-early"

struct seen_function {
	struct pci_address address;
	uint64_t node;
	bool waits;
	size_t line; /* set by the reader: where in the list */
};

struct seen {
	bool any;                        /* the boot run was there at all */
	struct seen_function *functions; /* by address, ascending; one of each address */
	size_t count;
};

/* Returns 0, also without a boot run, or -errno. Lines that are none are left out. */
int seen_read(const char *folder, struct seen *ret_seen);
void seen_clear(struct seen *seen);

/* Whether this function was decided about, or that it waits; not one that has been at its
 * address before it. */
bool seen_has(const struct seen *seen, const struct pci_address *address, uint64_t node);
bool seen_waits(
	const struct seen *seen, const struct pci_address *address, uint64_t node);

/* The number of a function that is there; 0 without it. */
uint64_t seen_node(const struct pci_address *address);

/* Notes all functions of a machine, in place of what was noted. Returns 0 or -errno. */
int seen_write(const char *folder, const struct machine *machine);

/* Notes some more, or anew. Returns 0, also without a boot run, where nothing is noted,
 * or -errno. */
int seen_add(const char *folder, const struct seen_function functions[], size_t count);
