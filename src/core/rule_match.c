/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rule_match.h"

#include "identity.h"
#include "term.h"
#include "wish.h"

struct rule_match rule_match_make(const struct machine *machine, const struct rule *rule)
{
	struct rule_match match = {.machine = machine, .rule = rule};

	for (unsigned i = 0; i < rule->term_count; i++) {
		unsigned at = i, cost = term_cost(&rule->terms[i]);

		for (; at > 0 && term_cost(match.terms[at - 1]) > cost; at--)
			match.terms[at] = match.terms[at - 1];
		match.terms[at] = &rule->terms[i];
	}
	return match;
}

bool rule_match_holds(const struct rule_match *match, const struct pci_function *function)
{
	for (unsigned i = 0; i < match->rule->term_count; i++)
		if (!term_holds(match->machine, match->rule, match->terms[i], function))
			return false;
	return true;
}

bool rule_match_is_mismatch(const struct machine *machine, const struct rule *rule,
	const struct pci_function *function)
{
	return rule_says_where(rule) && rule_term(rule, TERM_ID) &&
	       wish_known(machine, function, ATTRIBUTE_IDS) &&
	       rule_identity_mismatch(rule, function);
}
