/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selection.h"

#include "identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (PCI_PATH_TEXT_MAX + 64)

/* How a rule came to a function. */
enum reach {
	REACH_NOT,
	REACH_WIDENED, /* by with= */
	REACH_NAMED,   /* by its terms */
};

struct choice {
	const struct rule *owner;
	bool widened;       /* the owner came to it by with= */
	bool mismatch;      /* the owner expects another device here */
	bool keep_was_said; /* so that every function gets one line */
	enum reach reach;   /* of the rule being looked at */
};

struct work {
	const struct machine *machine;
	struct choice *choices;      /* one for each function of the machine */
	const struct rule **kept_by; /* likewise */
	struct findings *findings;
	size_t taken;
};

static int group_of(const struct machine *machine, const struct pci_address *address)
{
	const struct pci_function *function = machine_find(machine, address);

	return function ? function->group : MACHINE_GROUP_NONE;
}

/* A group is its endpoints to a rule that takes, and all of it to one that keeps. */
static bool in_group(
	const struct rule *rule, const struct pci_function *function, int group)
{
	return group != MACHINE_GROUP_NONE && function->group == group &&
	       (rule->action == RULE_KEEP || !pci_function_is_infrastructure(function));
}

/*
 * Whether too little is known to say that a term does not hold. A keep rule protects what
 * it might name: a function that could not be read, or everything where it is the group
 * of such a function.
 */
static bool term_may_hold(const struct work *work, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	const struct pci_function *member;

	if (rule->action != RULE_KEEP || term->kind == TERM_ADDRESS)
		return false;
	if (function->unknown || term->kind != TERM_GROUP_OF)
		return function->unknown;
	member = machine_find(work->machine, &term->group_of);
	return member && member->unknown;
}

static bool term_holds(const struct work *work, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	if (term_may_hold(work, rule, term, function))
		return true;
	switch (term->kind) {
	case TERM_ADDRESS:
		return pci_address_pattern_matches(&term->address, &function->address);
	case TERM_PATH:
		return pci_path_equal(&term->path, &function->path);
	case TERM_GROUP_NUMBER:
		return in_group(rule, function, (int)term->group);
	case TERM_GROUP_OF:
		return in_group(rule, function, group_of(work->machine, &term->group_of));
	case TERM_ID:
		/* A keep rule protects only what it describes in full. */
		return (rule_says_where(rule) && rule->action == RULE_TAKE) ||
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
	       a->framebuffer == b->framebuffer && strcmp(a->driver, b->driver) == 0;
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

/* Whether any function of the machine satisfies one term by itself. */
static bool anyone_satisfies(
	const struct work *work, const struct rule *rule, const struct term *term)
{
	for (size_t i = 0; i < work->machine->count; i++) {
		const struct pci_function *function = &work->machine->functions[i];

		if (term->kind == TERM_ID
				? pci_id_pattern_matches(&term->id, &function->id)
				: term_holds(work, rule, term, function))
			return true;
	}
	return false;
}

static const char *group_of_words(const struct work *work, const struct term *term)
{
	if (!machine_find(work->machine, &term->group_of))
		return "there is no PCI function ";
	if (group_of(work->machine, &term->group_of) == MACHINE_GROUP_NONE)
		return "no IOMMU group (is the IOMMU on?) for ";
	return "there is no endpoint in the IOMMU group of ";
}

/* What a term that nothing satisfies asked for, in words. */
static void term_words(
	const struct work *work, const struct term *term, char *out, size_t size)
{
	char what[PCI_PATH_TEXT_MAX];

	switch (term->kind) {
	case TERM_ADDRESS:
		pci_address_pattern_format(&term->address, what);
		snprintf(out, size, "there is no PCI function %s", what);
		break;
	case TERM_PATH:
		pci_path_format(&term->path, what);
		snprintf(out, size, "there is no PCI function at path %s", what);
		break;
	case TERM_GROUP_NUMBER:
		snprintf(out, size, "there is no endpoint in IOMMU group %u%s",
			term->group,
			work->machine->has_iommu ? "" : " (is the IOMMU on?)");
		break;
	case TERM_GROUP_OF:
		pci_address_format(&term->group_of, what);
		snprintf(out, size, "%s%s", group_of_words(work, term), what);
		break;
	case TERM_ID:
		pci_id_pattern_format(&term->id, what);
		snprintf(out, size, "there is no device with id %s", what);
		break;
	}
}

/* Every term is satisfied by something, but nothing satisfies them all. */
static void together_words(const struct rule *rule, char *out, size_t size)
{
	const struct term *number = rule_term(rule, TERM_GROUP_NUMBER);
	const struct term *member = rule_term(rule, TERM_GROUP_OF);
	char what[PCI_ADDRESS_TEXT_MAX];

	if (number) {
		snprintf(out, size, "nothing that it describes in IOMMU group %u",
			number->group);
	} else if (member) {
		pci_address_format(&member->group_of, what);
		snprintf(out, size, "nothing that it describes in the IOMMU group of %s",
			what);
	} else {
		snprintf(out, size, "no device fits all its terms at once");
	}
}

/* Names the first term that nothing satisfies; else it is the terms together. */
static void note_unmatched(struct work *work, const struct rule *rule)
{
	char words[WORDS_MAX];

	together_words(rule, words, sizeof(words));
	for (unsigned i = 0; i < rule->term_count; i++) {
		if (anyone_satisfies(work, rule, &rule->terms[i]))
			continue;
		term_words(work, &rule->terms[i], words, sizeof(words));
		break;
	}
	finding_add(work->findings, SEVERITY_WARNING, VERDICT_UNMATCHED, GUARD_NONE, NULL,
		rule, "the rule matches nothing: %s", words);
}

/* A rule that expected another device here gives way to one that describes this one. */
static void note_mismatch(
	struct work *work, const struct pci_function *function, const struct rule *first)
{
	finding_add(work->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_IDENTITY,
		function, first,
		"not the device this rule expects here; another rule names it");
}

static bool is_protected(struct work *work, size_t index)
{
	const struct rule *keep = work->kept_by[index];
	struct choice *choice = &work->choices[index];

	if (!keep)
		return false;
	if (choice->reach == REACH_NAMED && !choice->keep_was_said) {
		finding_add(work->findings, SEVERITY_INFO, VERDICT_KEPT, GUARD_NONE,
			&work->machine->functions[index], keep, "kept for the host");
		choice->keep_was_said = true;
	}
	return true;
}

static void take(struct work *work, const struct rule *rule, size_t index)
{
	struct pci_function *function = &work->machine->functions[index];
	struct choice *choice = &work->choices[index];
	bool widened = choice->reach == REACH_WIDENED;
	bool mismatch = !widened && rule_identity_mismatch(rule, function);

	if (widened && pci_function_is_infrastructure(function))
		return;
	if (is_protected(work, index))
		return;
	if (choice->owner && (mismatch || !choice->mismatch)) {
		note_conflict(work, function, choice->owner, rule);
		return;
	}
	if (choice->owner) {
		note_mismatch(work, function, choice->owner);
	} else if (work->taken == SELECTION_DEVICES_MAX) {
		finding_add(work->findings, SEVERITY_ERROR, VERDICT_REFUSED, GUARD_NONE,
			function, rule,
			"refused: more than %d devices are listed; name them more "
			"narrowly",
			SELECTION_DEVICES_MAX);
		return;
	} else {
		work->taken++;
	}
	choice->owner = rule;
	choice->widened = widened;
	choice->mismatch = mismatch;
}

static void keep(struct work *work, const struct rule *rule, size_t index)
{
	if (!work->kept_by[index])
		work->kept_by[index] = rule;
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
		return in_group(rule, to, from->group) ||
		       (rule->action == RULE_KEEP && (from->unknown || to->unknown));
	}
	return false;
}

static void widen(struct work *work, const struct rule *rule, size_t from)
{
	const struct pci_function *functions = work->machine->functions;

	if (rule->widening == WIDEN_NONE ||
		(!functions[from].unknown &&
			rule_identity_mismatch(rule, &functions[from])))
		return;
	for (size_t i = 0; i < work->machine->count; i++)
		if (work->choices[i].reach == REACH_NOT &&
			reached_by_widening(rule, &functions[from], &functions[i]))
			work->choices[i].reach = REACH_WIDENED;
}

/* Sets reach of every function; the number that the rule's terms named. */
static size_t find_reach(struct work *work, const struct rule *rule)
{
	const struct machine *machine = work->machine;
	size_t named = 0;

	for (size_t i = 0; i < machine->count; i++) {
		bool holds = rule_holds(work, rule, &machine->functions[i]);

		work->choices[i].reach = holds ? REACH_NAMED : REACH_NOT;
		named += holds;
	}
	for (size_t i = 0; named > 0 && i < machine->count; i++)
		if (work->choices[i].reach == REACH_NAMED)
			widen(work, rule, i);
	return named;
}

/* Calls REACHED once for every function of the rule, or says that it has none. */
static void for_each_reached(struct work *work, const struct rule *rule,
	void (*reached)(struct work *work, const struct rule *rule, size_t index))
{
	if (find_reach(work, rule) == 0) {
		note_unmatched(work, rule);
		return;
	}
	for (size_t i = 0; i < work->machine->count; i++)
		if (work->choices[i].reach != REACH_NOT)
			reached(work, rule, i);
}

static int collect(const struct work *work, struct selection *selection)
{
	if (work->taken > 0) {
		selection->items = calloc(work->taken, sizeof(*selection->items));
		if (!selection->items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < work->machine->count; i++) {
		const struct choice *choice = &work->choices[i];

		if (!choice->owner)
			continue;
		selection->items[selection->count++] = (struct wanted){
			.function = &work->machine->functions[i],
			.rule = choice->owner,
			.widened = choice->widened,
		};
	}
	return 0;
}

static void ask_rules(struct work *work, const struct config *config,
	enum rule_action action,
	void (*reached)(struct work *work, const struct rule *rule, size_t index))
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].action == action)
			for_each_reached(work, &config->rules[i], reached);
}

static void note_unknown(const struct work *work)
{
	for (size_t i = 0; i < work->machine->count; i++) {
		char address[PCI_ADDRESS_TEXT_MAX];

		if (!work->machine->functions[i].unknown)
			continue;
		pci_address_format(&work->machine->functions[i].address, address);
		finding_add(work->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			NULL, NULL,
			"of %s nothing but the address could be read; keep rules protect "
			"whatever they might mean by it",
			address);
	}
}

int selection_make(const struct config *config, const struct machine *machine,
	struct selection *ret_selection, struct findings *findings)
{
	struct work work = {.machine = machine, .findings = findings};
	struct selection selection = {0};
	int r = -ENOMEM;

	work.choices = calloc(machine->count + 1, sizeof(*work.choices));
	work.kept_by = calloc(machine->count + 1, sizeof(*work.kept_by));
	if (work.choices && work.kept_by) {
		note_unknown(&work);
		ask_rules(&work, config, RULE_KEEP, keep);
		ask_rules(&work, config, RULE_TAKE, take);
		r = collect(&work, &selection);
	}
	free(work.choices);
	if (r < 0) {
		free(work.kept_by);
		return r;
	}
	selection.kept_by = work.kept_by;
	*ret_selection = selection;
	return 0;
}

const struct rule *selection_kept_by(const struct selection *selection,
	const struct machine *machine, const struct pci_function *function)
{
	return selection->kept_by ? selection->kept_by[function - machine->functions]
				  : NULL;
}

void selection_clear(struct selection *selection)
{
	free(selection->items);
	free(selection->kept_by);
	*selection = (struct selection){0};
}
