/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard_name.h"

#include <string.h>

static const struct {
	const char *name;
	const char *not_liftable;
} names[GUARD_COUNT] = {
	[GUARD_NONE] = {"", "no guard has this name"},
	[GUARD_BRIDGE] = {"bridge", NULL},
	[GUARD_IDENTITY] = {"identity", "correct the address or the id of the line"},
	[GUARD_NO_IOMMU] = {"no-iommu", NULL},
	[GUARD_ROOT_DISK] = {"root-disk", NULL},
	[GUARD_STORAGE] = {"storage", NULL},
	[GUARD_KEYBOARD] = {"keyboard", NULL},
	[GUARD_NETWORK] = {"network", NULL},
	[GUARD_LAST_DISPLAY] = {"last-display", NULL},
	[GUARD_DRIVER] = {"driver", "correct driver= or rebuild the boot image"},
	[GUARD_BOUND] = {"bound", "use unbind=safe or unbind=always"},
};

const char *guard_name(enum guard guard)
{
	return guard < GUARD_COUNT ? names[guard].name : "";
}

enum guard guard_from_name(const char *text, size_t length)
{
	for (unsigned i = GUARD_NONE + 1; i < GUARD_COUNT; i++)
		if (strlen(names[i].name) == length &&
			memcmp(names[i].name, text, length) == 0)
			return (enum guard)i;
	return GUARD_NONE;
}

const char *guard_not_liftable(enum guard guard)
{
	return guard < GUARD_COUNT ? names[guard].not_liftable : NULL;
}
