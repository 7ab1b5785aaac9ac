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
bool term_in_group(const struct machine *machine, const struct rule *rule,
	const struct pci_function *function, int group);

/*
 * False, and a wish (wish.h), as long as that is not known. Which terms are cheap to ask
 * is said by term_cost().
 */
bool term_holds(const struct machine *machine, const struct rule *rule,
	const struct term *term, const struct pci_function *function);

unsigned term_cost(const struct term *term);
