/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selection.h"

#include "groups.h"
#include "rule_match.h"
#include "term.h"
#include "unmatched.h"
#include "wish.h"

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
	/* The last rule that reached this one's group, where it is the first member. */
	const struct rule *group_reached_by;
};

struct work {
	const struct machine *machine;
	struct choice *choices;      /* one for each function of the machine */
	const struct rule **kept_by; /* likewise; NULL without keep rules */
	size_t *reached;             /* by the rule being looked at; likewise */
	size_t reached_count;
	struct rule_match match; /* of that rule */
	struct groups groups;
	size_t unknown_count; /* functions that could not be read */
	struct findings *findings;
	size_t taken;
};

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
	const struct rule *keep = work->kept_by ? work->kept_by[index] : NULL;
	struct choice *choice = &work->choices[index];

	if (!keep)
		return false;
	if (choice->reach == REACH_NAMED && !choice->keep_was_said &&
		wish_known(
			work->machine, &work->machine->functions[index], ATTRIBUTE_IDS)) {
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
	bool mismatch = !widened && rule_match_is_mismatch(work->machine, rule, function);

	if (widened && (!wish_known(work->machine, function, ATTRIBUTES_KIND) ||
			       pci_function_is_infrastructure(function)))
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

static void reach(struct work *work, size_t index, enum reach how)
{
	if (work->choices[index].reach != REACH_NOT)
		return;
	work->choices[index].reach = how;
	work->reached[work->reached_count++] = index;
}

/* Functions are in the order of their addresses, so those of a slot stand together. */
static void widen_to_slot(struct work *work, size_t from)
{
	const struct pci_function *functions = work->machine->functions;
	const struct pci_address *slot = &functions[from].address;

	for (size_t i = from;
		i-- > 0 && pci_address_same_slot(&functions[i].address, slot);)
		reach(work, i, REACH_WIDENED);
	for (size_t i = from + 1; i < work->machine->count &&
				  pci_address_same_slot(&functions[i].address, slot);
		i++)
		reach(work, i, REACH_WIDENED);
}

/* Whose group is not known may be in any: a keep rule protects it. */
static void widen_to_unknown(struct work *work, const struct rule *rule, size_t from)
{
	const struct pci_function *functions = work->machine->functions;

	if (rule->action != RULE_KEEP || work->unknown_count == 0 ||
		work->reached_count == work->machine->count)
		return;
	for (size_t i = 0; i < work->machine->count; i++)
		if (functions[from].unknown || functions[i].unknown)
			reach(work, i, REACH_WIDENED);
}

static void widen_to_group(struct work *work, const struct rule *rule, size_t from)
{
	const struct pci_function *functions = work->machine->functions;
	int group = functions[from].group;
	size_t first = groups_first(&work->groups, group);
	struct choice *head;

	if (!wish_known(work->machine, &functions[from], ATTRIBUTE_MEMBERS) ||
		first == work->groups.count)
		return;
	head = &work->choices[work->groups.members[first].function];
	if (head->group_reached_by == rule)
		return;
	head->group_reached_by = rule;
	for (size_t i = first;
		i < work->groups.count && work->groups.members[i].group == group; i++) {
		size_t member = work->groups.members[i].function;

		if (term_in_group(work->machine, rule, &functions[member], group))
			reach(work, member, REACH_WIDENED);
	}
}

static bool may_widen(const struct work *work, const struct rule *rule, size_t from)
{
	const struct pci_function *function = &work->machine->functions[from];

	return function->unknown ||
	       !rule_match_is_mismatch(work->machine, rule, function);
}

/* From the first functions of work->reached, which the rule's terms named. */
static void widen(struct work *work, const struct rule *rule, size_t named)
{
	bool unknown_are_reached = false;

	if (rule->widening == WIDEN_NONE)
		return;
	for (size_t i = 0; i < named; i++) {
		size_t from = work->reached[i];

		if (!may_widen(work, rule, from))
			continue;
		if (rule->widening == WIDEN_SLOT) {
			widen_to_slot(work, from);
			continue;
		}
		widen_to_group(work, rule, from);
		if (!unknown_are_reached || work->machine->functions[from].unknown)
			widen_to_unknown(work, rule, from);
		unknown_are_reached = true;
	}
}

/* The first function that is not before the address. */
static size_t find_from(const struct machine *machine, const struct pci_address *address)
{
	size_t from = 0, to = machine->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (pci_address_compare(&machine->functions[middle].address, address) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void name(struct work *work, size_t index)
{
	if (rule_match_holds(&work->match, &work->machine->functions[index]))
		reach(work, index, REACH_NAMED);
}

/* A rule with an address is asked about that slot only. */
static void name_all(struct work *work, const struct rule *rule)
{
	const struct machine *machine = work->machine;
	const struct term *term = rule_term(rule, TERM_ADDRESS);
	struct pci_address slot;

	if (!term) {
		for (size_t i = 0; i < machine->count; i++)
			name(work, i);
		return;
	}
	slot = term->address.address;
	slot.function = 0;
	for (size_t i = find_from(machine, &slot);
		i < machine->count &&
		pci_address_same_slot(&machine->functions[i].address, &slot);
		i++)
		name(work, i);
}

static int compare_indices(const void *a, const void *b)
{
	size_t left = *(const size_t *)a, right = *(const size_t *)b;

	return left < right ? -1 : left > right;
}

/* Calls REACHED once for every function of the rule, or says that it has none. */
static void for_each_reached(struct work *work, const struct rule *rule,
	void (*reached)(struct work *work, const struct rule *rule, size_t index))
{
	size_t refusals = wish_refusals(work->machine), named;

	work->reached_count = 0;
	work->match = rule_match_make(work->machine, rule);
	name_all(work, rule);
	named = work->reached_count;
	/* What it would match, were more known, is not known yet. */
	if (named == 0 && wish_refusals(work->machine) != refusals)
		return;
	if (named == 0) {
		unmatched_note(work->machine, rule, work->findings);
		return;
	}
	widen(work, rule, named);
	if (work->reached_count > named)
		qsort(work->reached, work->reached_count, sizeof(*work->reached),
			compare_indices);
	for (size_t i = 0; i < work->reached_count; i++)
		reached(work, rule, work->reached[i]);
	for (size_t i = 0; i < work->reached_count; i++)
		work->choices[work->reached[i]].reach = REACH_NOT;
}

/* What the guards, the plan and the report look at. */
static void wish_for_wanted(
	const struct machine *machine, const struct pci_function *function)
{
	if (wish_known(machine, function,
		    ATTRIBUTES_KIND | ATTRIBUTE_DRIVER | ATTRIBUTE_GROUP) &&
		pci_function_may_have_picture(function))
		(void)wish_known(machine, function, ATTRIBUTE_PICTURE);
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
		wish_for_wanted(work->machine, &work->machine->functions[i]);
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

static void note_unknown(struct work *work)
{
	for (size_t i = 0; i < work->machine->count; i++) {
		char address[PCI_ADDRESS_TEXT_MAX];

		if (!work->machine->functions[i].unknown)
			continue;
		work->unknown_count++;
		pci_address_format(&work->machine->functions[i].address, address);
		finding_add(work->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			NULL, NULL,
			"of %s nothing but the address could be read; keep rules protect "
			"whatever they might mean by it",
			address);
	}
}

static bool widens_to_group(const struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].widening == WIDEN_GROUP)
			return true;
	return false;
}

static bool has_keep(const struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].action == RULE_KEEP)
			return true;
	return false;
}

static int work_begin(struct work *work, const struct config *config)
{
	size_t count = work->machine->count + 1;

	work->choices = calloc(count, sizeof(*work->choices));
	work->reached = calloc(count, sizeof(*work->reached));
	if (has_keep(config))
		work->kept_by = calloc(count, sizeof(*work->kept_by));
	if (!work->choices || !work->reached || (has_keep(config) && !work->kept_by))
		return -ENOMEM;
	return widens_to_group(config) ? groups_make(work->machine, &work->groups) : 0;
}

int selection_make(const struct config *config, const struct machine *machine,
	struct selection *ret_selection, struct findings *findings)
{
	struct work work = {.machine = machine, .findings = findings};
	struct selection selection = {0};
	int r = work_begin(&work, config);

	if (r == 0) {
		note_unknown(&work);
		ask_rules(&work, config, RULE_KEEP, keep);
		ask_rules(&work, config, RULE_TAKE, take);
		r = collect(&work, &selection);
	}
	if (r == 0)
		r = collect_held(config, machine, &selection);
	groups_clear(&work.groups);
	free(work.reached);
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
