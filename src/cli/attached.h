/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hangs on each PCI function, in words: the boot display, disks and what is mounted
 * from them, keyboards, network interfaces and the default route.
 */
#pragma once

#include "core/machine.h"
#include "core/needs.h"

#define ATTACHED_TEXT_MAX 400

struct attachment {
	size_t function; /* index into machine.functions */
	size_t found;    /* before how many others */
	char text[ATTACHED_TEXT_MAX];
};

struct attached {
	struct attachment *items; /* by function, otherwise as found */
	size_t count;
	size_t capacity;
};

/* NEEDS is what the host needs of this machine. Returns 0 or -ENOMEM. */
int attached_find(int root, const struct machine *machine, const struct needs *needs,
	struct attached *ret_attached);
void attached_clear(struct attached *attached);

/* The index of the first item of a function, the number of all without one; the others
 * follow. */
size_t attached_first(const struct attached *attached, size_t function);

/* The function that the text of a sysfs link ends below; NULL for none. */
const struct pci_function *attached_function(
	const struct machine *machine, const char *link);
