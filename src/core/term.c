/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term.h"

#include "identity.h"
#include "wish.h"

bool term_in_group(const struct machine *machine, const struct rule *rule,
	const struct pci_function *function, int group)
{
	if (group == MACHINE_GROUP_NONE || function->group != group)
		return false;
	return rule->action == RULE_KEEP ||
	       (wish_known(machine, function, ATTRIBUTES_KIND) &&
		       !pci_function_is_infrastructure(function));
}

unsigned term_cost(const struct term *term)
{
	switch (term->kind) {
	case TERM_ADDRESS:
		return 0;
	case TERM_PATH:
		return ATTRIBUTE_PATH;
	case TERM_GROUP_NUMBER:
		return ATTRIBUTE_GROUP;
	case TERM_GROUP_OF:
		return ATTRIBUTE_MEMBERS;
	case TERM_VF_OF:
		return ATTRIBUTE_VF_OF;
	case TERM_ID:
	case TERM_CLASS:
		return ATTRIBUTE_IDS;
	case TERM_BOOT_DISPLAY:
		return ATTRIBUTE_PICTURE;
	case TERM_SERIAL:
		return ATTRIBUTE_SERIAL;
	}
	return 0;
}

static bool is_in_group_of(const struct machine *machine, const struct rule *rule,
	const struct term *term, const struct pci_function *function)
{
	const struct pci_function *member = machine_find(machine, &term->group_of);

	return member && wish_known(machine, member, ATTRIBUTE_MEMBERS) &&
	       term_in_group(machine, rule, function, member->group);
}

/* No number is asked of what is never taken. */
static bool has_serial(const struct machine *machine, const struct term *term,
	const struct pci_function *function)
{
	return wish_known(machine, function, ATTRIBUTES_KIND) &&
	       !pci_function_is_infrastructure(function) &&
	       wish_known(machine, function, ATTRIBUTE_SERIAL) && function->has_serial &&
	       term->serial == function->serial;
}

static bool is_boot_display(const struct machine *machine, const struct term *term,
	const struct pci_function *function)
{
	return wish_known(machine, function, ATTRIBUTE_IDS) &&
	       PCI_CLASS_BASE(function->class_code) == PCI_BASE_DISPLAY &&
	       wish_known(machine, function, ATTRIBUTE_PICTURE) &&
	       term->boot_display == function->boot_display;
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
		return pci_path_may_end_at(&term->path, &function->address) &&
		       wish_known(machine, function, ATTRIBUTE_PATH) &&
		       pci_path_equal(&term->path, &function->path);
	case TERM_GROUP_NUMBER:
		return wish_known(machine, function, ATTRIBUTE_GROUP) &&
		       term_in_group(machine, rule, function, (int)term->group);
	case TERM_GROUP_OF:
		return is_in_group_of(machine, rule, term, function);
	case TERM_ID:
		/* A keep rule protects only what it describes in full. */
		return (rule_says_where(rule) && rule->action == RULE_TAKE) ||
		       (wish_known(machine, function, ATTRIBUTE_IDS) &&
			       pci_id_pattern_matches(&term->id, &function->id));
	case TERM_CLASS:
		return wish_known(machine, function, ATTRIBUTE_IDS) &&
		       pci_class_pattern_matches(
			       &term->class_pattern, function->class_code);
	case TERM_SERIAL:
		return has_serial(machine, term, function);
	case TERM_VF_OF:
		return wish_known(machine, function, ATTRIBUTE_VF_OF) &&
		       function->is_vf &&
		       pci_address_compare(&term->vf_of, &function->vf_of) == 0;
	case TERM_BOOT_DISPLAY:
		return is_boot_display(machine, term, function);
	}
	return false;
}
