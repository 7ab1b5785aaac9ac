/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "targets.h"

#include "scan/decide.h"

int targets_find(int root, const struct config *rules, struct machine *machine,
	struct selection *ret_selection, struct findings *findings)
{
	const struct decide how = {.root = root, .keeps_vanished = true};

	return decide_select(&how, rules, machine, ret_selection, findings);
}

int targets_of_rule(const struct rule *rule, const struct machine *machine,
	struct selection *ret_selection)
{
	struct rule alone = *rule;
	const struct config config = {.rules = &alone, .rule_count = 1};
	struct findings findings = {0};
	int r;

	alone.action = RULE_TAKE;
	r = selection_make(&config, machine, ret_selection, &findings);

	/* They refer to a rule that ends here. */
	for (size_t i = 0; r == 0 && i < ret_selection->count; i++)
		ret_selection->items[i].rule = rule;
	findings_clear(&findings);
	return r;
}

const struct wanted *selection_find(
	const struct selection *selection, const struct pci_function *function)
{
	for (size_t i = 0; i < selection->count; i++)
		if (selection->items[i].function == function)
			return &selection->items[i];
	return NULL;
}

bool selection_has(const struct selection *selection, const struct pci_function *function)
{
	return selection_find(selection, function) != NULL;
}
