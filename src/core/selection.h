/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules x machine: which functions are wanted, each with the rule that wanted it.
 *
 * Rules are asked in order and the first one that names a function owns it. A keep rule
 * wins over everything, wherever it stands. A rule with an address or a path says where
 * and its id says what must be there: the function found there is wanted, and the guard
 * `identity` refuses it if it is something else. Everywhere else an id selects.
 *
 * Of a function that could not be read only the address is known. A rule that takes can
 * name it by nothing else, and a keep rule protects everything that it might mean.
 */
#pragma once

#include "finding.h"

/* More than this is a mistake in the config: what is over the limit is refused. */
#define SELECTION_DEVICES_MAX 4096

struct wanted {
	struct pci_function *function;
	const struct rule *rule;
	bool widened; /* named by with=, not by the terms */
	bool decided; /* by an earlier run: the plan leaves it alone */
};

struct selection {
	struct wanted *items; /* by address, ascending */
	size_t count;
	/* Functions whose virtual functions, all of them, are to be taken (vf-of=). */
	const struct pci_function **held;
	size_t held_count;
	/* For each function of the machine, the keep rule that protects it, or NULL; as a
	 * whole NULL where there are no keep rules. */
	const struct rule **kept_by;
};

/*
 * Asks before it looks at an attribute (wish.h); where there are wishes afterwards, the
 * selection and the findings are to be dropped and made again. Of a wanted function all
 * but path, serial number and the like is known in the end.
 *
 * Returns 0 or -ENOMEM. Adds findings for unmatched rules, keeps and conflicts. */
int selection_make(const struct config *config, const struct machine *machine,
	struct selection *ret_selection, struct findings *findings);

void selection_clear(struct selection *selection);

/* The keep rule that protects a function of the machine, NULL without one. */
const struct rule *selection_kept_by(const struct selection *selection,
	const struct machine *machine, const struct pci_function *function);
