/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term.h"

#include "identity.h"

int term_group_of(const struct machine *machine, const struct pci_address *address)
{
	const struct pci_function *function = machine_find(machine, address);

	return function ? function->group : MACHINE_GROUP_NONE;
}

bool term_in_group(
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
static bool may_hold(const struct machine *machine, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	const struct pci_function *member;

	if (rule->action != RULE_KEEP || term->kind == TERM_ADDRESS)
		return false;
	if (function->unknown || term->kind != TERM_GROUP_OF)
		return function->unknown;
	member = machine_find(machine, &term->group_of);
	return member && member->unknown;
}

bool term_holds(const struct machine *machine, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	if (may_hold(machine, rule, term, function))
		return true;
	switch (term->kind) {
	case TERM_ADDRESS:
		return pci_address_pattern_matches(&term->address, &function->address);
	case TERM_PATH:
		return pci_path_equal(&term->path, &function->path);
	case TERM_GROUP_NUMBER:
		return term_in_group(rule, function, (int)term->group);
	case TERM_GROUP_OF:
		return term_in_group(
			rule, function, term_group_of(machine, &term->group_of));
	case TERM_ID:
		/* A keep rule protects only what it describes in full. */
		return (rule_says_where(rule) && rule->action == RULE_TAKE) ||
		       pci_id_pattern_matches(&term->id, &function->id);
	case TERM_CLASS:
		return pci_class_pattern_matches(
			&term->class_pattern, function->class_code);
	case TERM_SERIAL:
		return function->has_serial && term->serial == function->serial;
	case TERM_VF_OF:
		return function->is_vf &&
		       pci_address_compare(&term->vf_of, &function->vf_of) == 0;
	case TERM_BOOT_DISPLAY:
		return PCI_CLASS_BASE(function->class_code) == PCI_BASE_DISPLAY &&
		       term->boot_display == function->boot_display;
	}
	return false;
}
