/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decide.h"

#include "core/identity.h"
#include "core/wish.h"
#include "facts_file.h"
#include "host_needs.h"

void decide_problems(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; i < config->problem_count && i < CONFIG_PROBLEMS_MAX; i++)
		finding_add_problem(findings, &config->problems[i]);
	if (config->problem_count > CONFIG_PROBLEMS_MAX)
		finding_add(findings, SEVERITY_ERROR, VERDICT_PROBLEM, GUARD_NONE, NULL,
			NULL, "%zu more problems of the config are not shown",
			config->problem_count - CONFIG_PROBLEMS_MAX);
}

int decide_select(const struct decide *how, const struct config *config,
	struct machine *machine, struct selection *ret_selection,
	struct findings *findings)
{
	for (;;) {
		const size_t refusals = wish_refusals(machine), said = findings->count;
		int r = selection_make(config, machine, ret_selection, findings);

		if (r < 0 || wish_refusals(machine) == refusals)
			return r;
		selection_clear(ret_selection);
		findings_cut(findings, said);
		r = scan_fill(how->root, how->scan, machine);
		if (r < 0)
			return r;
		if (!how->keeps_vanished)
			machine_drop_vanished(machine);
	}
}

static int read_machine(const struct decide *how, struct machine *ret_machine)
{
	return how->everything ? scan_machine(how->root, how->scan, ret_machine)
			       : scan_list(how->root, ret_machine);
}

static int find_wanted(const struct decide *how, const struct config *config,
	struct decision *decision, struct findings *findings)
{
	for (;;) {
		int r = read_machine(how, &decision->machine);

		if (r < 0)
			return r;
		r = decide_select(
			how, config, &decision->machine, &decision->selection, findings);
		if (r < 0 || !how->found || !how->found(how->context, decision))
			return r;
		decision_clear(decision);
	}
}

/* The host boots and is reached without displays and sound; for these no disk is read. */
static bool host_may_need(const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++) {
		uint32_t base = PCI_CLASS_BASE(selection->items[i].function->class_code);

		if (base != PCI_BASE_DISPLAY && base != PCI_BASE_MULTIMEDIA)
			return true;
	}
	return false;
}

/* Without a wanted device nobody looks at what the host needs. */
static bool is_asked(const struct decide *how, const struct decision *decision)
{
	return how->everything || decision->selection.count > 0;
}

static int learn_needs(
	const struct decide *how, struct decision *decision, struct findings *findings)
{
	struct machine *machine = &decision->machine;
	struct boot_source source = {0};
	struct findings said_before = {0};
	struct facts facts = {0};
	int has_facts =
		facts_file_read(how->root, &facts, how->late ? &said_before : findings);
	int r = has_facts < 0 ? has_facts : 0;

	if (r == 0 && (how->everything || host_may_need(&decision->selection)))
		r = host_needs_read(
			how->root, machine, how->block, &source, &machine->needs);
	while (r == 0 && has_facts && is_asked(how, decision) &&
		!facts_are_comparable(&facts, machine))
		r = scan_fill(how->root, how->scan, machine);
	if (r == 0 && has_facts)
		facts_apply(&facts, machine, &source, &machine->needs);
	facts_clear(&facts);
	findings_clear(&said_before);
	return r;
}

static int make_plan(
	const struct decide *how, struct decision *decision, struct findings *findings)
{
	struct machine *machine = &decision->machine;

	for (;;) {
		const size_t refusals = wish_refusals(machine), said = findings->count;
		int r = plan_make(
			machine, &decision->selection, &decision->plan, findings);

		if (r < 0 || wish_refusals(machine) == refusals)
			return r;
		plan_clear(&decision->plan);
		findings_cut(findings, said);
		r = scan_fill(how->root, how->scan, machine);
		if (r < 0)
			return r;
	}
}

int decide(const struct decide *how, const struct config *config,
	struct decision *decision, struct findings *findings)
{
	int r = find_wanted(how, config, decision, findings);

	if (r < 0)
		return r;
	scan_wanted(how->root, how->scan, &decision->selection, !how->next_boot);
	if (how->looked && how->looked(how->context, decision))
		return 0;
	r = learn_needs(how, decision, findings);
	if (r < 0)
		return r;
	if (how->learnt)
		how->learnt(how->context, decision);
	if (!how->late)
		identity_note(&decision->selection, findings);
	return make_plan(how, decision, findings);
}

void decision_clear(struct decision *decision)
{
	plan_clear(&decision->plan);
	selection_clear(&decision->selection);
	machine_clear(&decision->machine);
	*decision = (struct decision){0};
}
