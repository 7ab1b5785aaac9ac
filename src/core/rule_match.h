/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rule against functions: all its terms, those first that are cheap to find out. So no
 * more than that is wished for (wish.h) of a function that a cheap one rules out.
 */
#pragma once

#include "machine.h"

struct rule_match {
	const struct machine *machine;
	const struct rule *rule;
	const struct term *terms[RULE_TERMS_MAX]; /* in the order of what they cost */
};

struct rule_match rule_match_make(const struct machine *machine, const struct rule *rule);

/* False, and a wish, as long as that is not known. */
bool rule_match_holds(
	const struct rule_match *match, const struct pci_function *function);

/* Whether the rule says where, and what is there is known not to be what it expects. */
bool rule_match_is_mismatch(const struct machine *machine, const struct rule *rule,
	const struct pci_function *function);
