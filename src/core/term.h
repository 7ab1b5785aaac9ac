/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One term of a rule against one function.
 */
#pragma once

#include "finding.h"

/*
 * Whether a function is in the group; MACHINE_GROUP_NONE has no members. A group is its
 * endpoints to a rule that takes, and all of it to one that keeps.
 */
bool term_in_group(
	const struct rule *rule, const struct pci_function *function, int group);

/* The group of the function at this address, MACHINE_GROUP_NONE without it. */
int term_group_of(const struct machine *machine, const struct pci_address *address);

bool term_holds(const struct machine *machine, const struct rule *rule,
	const struct term *term, const struct pci_function *function);
