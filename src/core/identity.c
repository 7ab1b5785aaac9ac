/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identity.h"

bool rule_says_where(const struct rule *rule)
{
	return rule_term(rule, TERM_ADDRESS) || rule_term(rule, TERM_PATH);
}

bool rule_identity_mismatch(const struct rule *rule, const struct pci_function *function)
{
	const struct term *id = rule_term(rule, TERM_ID);

	return id && rule_says_where(rule) &&
	       !pci_id_pattern_matches(&id->id, &function->id);
}

/*
 * One notice a rule, for the first device that it names. What a rule names by address is
 * in one slot, and those stand together.
 */
static bool was_noted(const struct selection *selection, size_t index)
{
	const struct wanted *wanted = &selection->items[index];

	for (size_t i = index; i-- > 0;) {
		const struct wanted *earlier = &selection->items[i];

		if (!pci_address_same_slot(
			    &earlier->function->address, &wanted->function->address))
			return false;
		if (!earlier->widened && earlier->rule == wanted->rule)
			return true;
	}
	return false;
}

void identity_note(const struct selection *selection, struct findings *findings)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		const struct pci_id *id = &wanted->function->id;

		if (wanted->widened || wanted->rule->source.line == 0 ||
			!rule_says_where(wanted->rule) ||
			rule_term(wanted->rule, TERM_ID) || was_noted(selection, i))
			continue;
		finding_add(findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE,
			wanted->function, wanted->rule,
			"the line names a place only; add id=%04x:%04x, or a card that "
			"moves in is taken for it",
			id->vendor, id->device);
	}
}
