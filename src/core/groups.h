/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of a machine by IOMMU group, so that who asks for the members of each of
 * many groups does not go through the whole machine for every one.
 */
#pragma once

#include "machine.h"

struct group_member {
	int group;
	size_t function; /* index in machine->functions */
};

struct groups {
	struct group_member *members; /* by group, then by address, both ascending */
	size_t count;
};

/* Returns 0 or -ENOMEM. Functions without a group are in none. */
int groups_make(const struct machine *machine, struct groups *ret_groups);
void groups_clear(struct groups *groups);

/* The index of a group's first member, groups->count without one; the others follow. */
size_t groups_first(const struct groups *groups, int group);
