/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term.h"

#include "identity.h"

#include <stdio.h>

#define WORDS_MAX (PCI_PATH_TEXT_MAX + 64)

static int group_of(const struct machine *machine, const struct pci_address *address)
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
		return term_in_group(rule, function, group_of(machine, &term->group_of));
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

/* Whether any function of the machine satisfies one term by itself. */
static bool anyone_satisfies(
	const struct machine *machine, const struct rule *rule, const struct term *term)
{
	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];

		if (term->kind == TERM_ID
				? pci_id_pattern_matches(&term->id, &function->id)
				: term_holds(machine, rule, term, function))
			return true;
	}
	return false;
}

static const char *group_of_words(const struct machine *machine, const struct term *term)
{
	if (!machine_find(machine, &term->group_of))
		return "there is no PCI function ";
	if (group_of(machine, &term->group_of) == MACHINE_GROUP_NONE)
		return "no IOMMU group (is the IOMMU on?) for ";
	return "there is no endpoint in the IOMMU group of ";
}

/* What a term that nothing satisfies asked for, in words. */
static void term_words(
	const struct machine *machine, const struct term *term, char *out, size_t size)
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
			term->group, machine->has_iommu ? "" : " (is the IOMMU on?)");
		break;
	case TERM_GROUP_OF:
		pci_address_format(&term->group_of, what);
		snprintf(out, size, "%s%s", group_of_words(machine, term), what);
		break;
	case TERM_ID:
		pci_id_pattern_format(&term->id, what);
		snprintf(out, size, "there is no device with id %s", what);
		break;
	case TERM_CLASS:
		pci_class_pattern_format(&term->class_pattern, what);
		snprintf(out, size, "there is no device of class %s", what);
		break;
	case TERM_SERIAL:
		pci_serial_format(term->serial, what);
		snprintf(out, size, "there is no device with serial number %s", what);
		break;
	case TERM_VF_OF:
		pci_address_format(&term->vf_of, what);
		snprintf(out, size, "%s%s",
			machine_find(machine, &term->vf_of)
				? "there are no virtual functions of "
				: "there is no PCI function ",
			what);
		break;
	case TERM_BOOT_DISPLAY:
		snprintf(out, size, "there is no display that is%s the boot display",
			term->boot_display ? "" : " not");
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
/* They appear when the host's driver makes them, which is later than the boot run. */
static bool note_no_vfs_yet(
	const struct machine *machine, const struct rule *rule, struct findings *findings)
{
	const struct term *term = rule_term(rule, TERM_VF_OF);
	const struct pci_function *parent =
		term ? machine_find(machine, &term->vf_of) : NULL;

	if (!parent || anyone_satisfies(machine, rule, term))
		return false;
	finding_add(findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, parent, rule,
		"has no virtual functions now; they are taken when they appear");
	return true;
}

void term_note_unmatched(
	const struct machine *machine, const struct rule *rule, struct findings *findings)
{
	char words[WORDS_MAX];

	if (note_no_vfs_yet(machine, rule, findings))
		return;
	together_words(rule, words, sizeof(words));
	for (unsigned i = 0; i < rule->term_count; i++) {
		if (anyone_satisfies(machine, rule, &rule->terms[i]))
			continue;
		term_words(machine, &rule->terms[i], words, sizeof(words));
		break;
	}
	finding_add(findings, SEVERITY_WARNING, VERDICT_UNMATCHED, GUARD_NONE, NULL, rule,
		"the rule matches nothing: %s", words);
}
