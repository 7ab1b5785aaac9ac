/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct choice {
	const struct rule *owner;
	const struct rule *kept_by;
	bool widened;
};

struct work {
	const struct machine *machine;
	struct choice *choices; /* one for each function of the machine */
	struct findings *findings;
	size_t taken;
};

static bool says_where(const struct rule *rule)
{
	return rule_term(rule, TERM_ADDRESS) || rule_term(rule, TERM_PATH);
}

bool rule_identity_mismatch(const struct rule *rule, const struct pci_function *function)
{
	const struct term *id = rule_term(rule, TERM_ID);

	return id && says_where(rule) && !pci_id_pattern_matches(&id->id, &function->id);
}

static int group_of(const struct machine *machine, const struct pci_address *address)
{
	const struct pci_function *function = machine_find(machine, address);

	return function ? function->group : MACHINE_GROUP_NONE;
}

static bool in_group(const struct pci_function *function, int group)
{
	return group != MACHINE_GROUP_NONE && function->group == group &&
	       !pci_function_is_infrastructure(function);
}

static bool term_holds(const struct work *work, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	switch (term->kind) {
	case TERM_ADDRESS:
		return pci_address_pattern_matches(&term->address, &function->address);
	case TERM_PATH:
		return pci_path_equal(&term->path, &function->path);
	case TERM_GROUP_NUMBER:
		return in_group(function, (int)term->group);
	case TERM_GROUP_OF:
		return in_group(function, group_of(work->machine, &term->group_of));
	case TERM_ID:
		/* A keep rule protects only what it describes in full. */
		return (says_where(rule) && rule->action == RULE_TAKE) ||
		       pci_id_pattern_matches(&term->id, &function->id);
	}
	return false;
}

static bool rule_holds(const struct work *work, const struct rule *rule,
	const struct pci_function *function)
{
	for (unsigned i = 0; i < rule->term_count; i++)
		if (!term_holds(work, rule, &rule->terms[i], function))
			return false;
	return true;
}

static bool same_options(const struct rule *a, const struct rule *b)
{
	return a->unbind == b->unbind && a->allow == b->allow &&
	       strcmp(a->driver, b->driver) == 0;
}

static void note_conflict(struct work *work, const struct pci_function *function,
	const struct rule *first, const struct rule *second)
{
	char other[FINDING_ORIGIN_MAX];

	if (same_options(first, second))
		return;
	source_format(&first->source, other, sizeof(other));
	finding_add(work->findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE, function,
		second, "this rule has other options than %s, and the first rule wins",
		other);
}

/* A rule that expected another device here gives way to one that describes this one. */
static bool replaces_mismatch(struct work *work, const struct pci_function *function,
	const struct rule *first, const struct rule *second)
{
	if (!rule_identity_mismatch(first, function) ||
		rule_identity_mismatch(second, function))
		return false;
	finding_add(work->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_IDENTITY,
		function, first,
		"not the device this rule expects here; another rule names it");
	return true;
}

static void take(struct work *work, const struct rule *rule, size_t index, bool widened)
{
	struct pci_function *function = &work->machine->functions[index];
	struct choice *choice = &work->choices[index];

	if (widened && pci_function_is_infrastructure(function))
		return;
	if (choice->kept_by) {
		if (!widened && !choice->owner)
			finding_add(work->findings, SEVERITY_INFO, VERDICT_KEPT,
				GUARD_NONE, function, choice->kept_by,
				"kept for the host");
		return;
	}
	if (choice->owner && replaces_mismatch(work, function, choice->owner, rule))
		choice->owner = rule;
	if (choice->owner) {
		if (choice->owner != rule)
			note_conflict(work, function, choice->owner, rule);
		else if (!widened)
			choice->widened = false;
		return;
	}
	if (work->taken == SELECTION_DEVICES_MAX) {
		finding_add(work->findings, SEVERITY_ERROR, VERDICT_REFUSED, GUARD_NONE,
			function, rule,
			"refused: more than %d devices are listed; name them more "
			"narrowly",
			SELECTION_DEVICES_MAX);
		return;
	}
	choice->owner = rule;
	choice->widened = widened;
	work->taken++;
}

static bool reached_by_widening(const struct rule *rule, const struct pci_function *from,
	const struct pci_function *to)
{
	switch (rule->widening) {
	case WIDEN_NONE:
		return false;
	case WIDEN_SLOT:
		return pci_address_same_slot(&from->address, &to->address);
	case WIDEN_GROUP:
		return in_group(to, from->group);
	}
	return false;
}

typedef void (*reached_fn)(
	struct work *work, const struct rule *rule, size_t index, bool widened);

static void keep(struct work *work, const struct rule *rule, size_t index, bool widened)
{
	(void)widened;
	if (!work->choices[index].kept_by)
		work->choices[index].kept_by = rule;
}

/* Calls REACHED for every function of the rule; the number that its terms named. */
static size_t for_each_reached(
	struct work *work, const struct rule *rule, reached_fn reached)
{
	const struct machine *machine = work->machine;
	size_t named = 0;

	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];

		if (!rule_holds(work, rule, function))
			continue;
		named++;
		reached(work, rule, i, false);
		if (rule->widening == WIDEN_NONE ||
			rule_identity_mismatch(rule, function))
			continue;
		for (size_t j = 0; j < machine->count; j++)
			if (j != i && reached_by_widening(
					      rule, function, &machine->functions[j]))
				reached(work, rule, j, true);
	}
	return named;
}

/* Why a rule named nothing, as exactly as its terms allow. */
static void note_unmatched(struct work *work, const struct rule *rule)
{
	const struct machine *machine = work->machine;
	char where[PCI_PATH_TEXT_MAX] = "", id[PCI_ID_TEXT_MAX] = "";
	const struct term *term;
	const char *before = "no PCI function ", *after = "";

	if ((term = rule_term(rule, TERM_ADDRESS))) {
		pci_address_pattern_format(&term->address, where);
		before = "there is no PCI function ";
	} else if ((term = rule_term(rule, TERM_PATH))) {
		pci_path_format(&term->path, where);
		before = "there is no PCI function at path ";
	} else if ((term = rule_term(rule, TERM_GROUP_OF))) {
		pci_address_format(&term->group_of, where);
		if (!machine_find(machine, &term->group_of))
			before = "there is no PCI function ";
		else if (group_of(machine, &term->group_of) == MACHINE_GROUP_NONE)
			before = "no IOMMU group (is the IOMMU on?) for ";
		else
			before = "nothing that the rule describes in the IOMMU group of ";
	} else if ((term = rule_term(rule, TERM_GROUP_NUMBER))) {
		snprintf(where, sizeof(where), "%u", term->group);
		before = "nothing that the rule describes in IOMMU group ";
		after = machine->has_iommu ? "" : " (is the IOMMU on?)";
	} else if ((term = rule_term(rule, TERM_ID))) {
		pci_id_pattern_format(&term->id, id);
		before = "there is no device with id ";
	}
	finding_add(work->findings, SEVERITY_WARNING, VERDICT_UNMATCHED, GUARD_NONE, NULL,
		rule, "the rule matches nothing: %s%s%s%s", before, where, id, after);
}

static int collect(const struct work *work, struct selection *ret_selection)
{
	struct selection selection = {0};

	if (work->taken > 0) {
		selection.items = calloc(work->taken, sizeof(*selection.items));
		if (!selection.items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < work->machine->count; i++) {
		const struct choice *choice = &work->choices[i];

		if (!choice->owner)
			continue;
		selection.items[selection.count++] = (struct wanted){
			.function = &work->machine->functions[i],
			.rule = choice->owner,
			.widened = choice->widened,
		};
	}
	*ret_selection = selection;
	return 0;
}

int selection_make(const struct config *config, const struct machine *machine,
	struct selection *ret_selection, struct findings *findings)
{
	struct work work = {.machine = machine, .findings = findings};
	int r;

	work.choices = calloc(machine->count + 1, sizeof(*work.choices));
	if (!work.choices)
		return -ENOMEM;
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].action == RULE_KEEP)
			for_each_reached(&work, &config->rules[i], keep);
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];

		if (rule->action == RULE_TAKE && for_each_reached(&work, rule, take) == 0)
			note_unmatched(&work, rule);
	}
	r = collect(&work, ret_selection);
	free(work.choices);
	return r;
}

void selection_clear(struct selection *selection)
{
	free(selection->items);
	*selection = (struct selection){0};
}
