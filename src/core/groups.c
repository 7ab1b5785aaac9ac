/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const struct group_member *left = a, *right = b;

	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	return left->function < right->function ? -1 : left->function > right->function;
}

int groups_make(const struct machine *machine, struct groups *ret_groups)
{
	struct groups groups = {0};
	size_t members = 0;

	for (size_t i = 0; i < machine->count; i++)
		members += machine->functions[i].group != MACHINE_GROUP_NONE;
	groups.members = calloc(members + 1, sizeof(*groups.members));
	if (!groups.members)
		return -ENOMEM;
	for (size_t i = 0; i < machine->count; i++)
		if (machine->functions[i].group != MACHINE_GROUP_NONE)
			groups.members[groups.count++] = (struct group_member){
				.group = machine->functions[i].group, .function = i};
	if (groups.count > 1)
		qsort(groups.members, groups.count, sizeof(*groups.members), compare);
	*ret_groups = groups;
	return 0;
}

void groups_clear(struct groups *groups)
{
	free(groups->members);
	*groups = (struct groups){0};
}

size_t groups_first(const struct groups *groups, int group)
{
	size_t from = 0, to = groups->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (groups->members[middle].group < group)
			from = middle + 1;
		else
			to = middle;
	}
	return from < groups->count && groups->members[from].group == group
		       ? from
		       : groups->count;
}
