/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selection.h"

#include "identity.h"
#include "term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static bool rule_holds(const struct work *work, const struct rule *rule,
	const struct pci_function *function)
{
	for (unsigned i = 0; i < rule->term_count; i++)
		if (!term_holds(work->machine, rule, &rule->terms[i], function))
			return false;
	return true;
}

static bool same_options(const struct rule *a, const struct rule *b)
{
	return a->unbind == b->unbind && a->allow == b->allow && a->d3_off == b->d3_off &&
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
		return term_in_group(rule, to, from->group) ||
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
		term_note_unmatched(work->machine, rule, work->findings);
		return;
	}
	for (size_t i = 0; i < work->machine->count; i++)
		if (work->choices[i].reach != REACH_NOT)
			reached(work, rule, i);
}

static int collect(const struct work *work, struct selection *selection)
{
	selection->items = calloc(work->taken + 1, sizeof(*selection->items));
	if (!selection->items)
		return -ENOMEM;
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

/* A rule that takes all of them: whoever takes only some leaves the others to the host.
 */
static const struct pci_function *holds(
	const struct machine *machine, const struct rule *rule)
{
	if (rule->action != RULE_TAKE || rule->term_count != 1 ||
		rule->terms[0].kind != TERM_VF_OF)
		return NULL;
	return machine_find(machine, &rule->terms[0].vf_of);
}

static int collect_held(const struct config *config, const struct machine *machine,
	struct selection *selection)
{
	selection->held = calloc(config->rule_count + 1, sizeof(struct pci_function *));
	if (!selection->held)
		return -ENOMEM;
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct pci_function *function = holds(machine, &config->rules[i]);

		if (function)
			selection->held[selection->held_count++] = function;
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
	if (r == 0)
		r = collect_held(config, machine, &selection);
	free(work.choices);
	selection.kept_by = work.kept_by;
	if (r < 0) {
		selection_clear(&selection);
		return r;
	}
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
	free(selection->held);
	free(selection->kept_by);
	*selection = (struct selection){0};
}
