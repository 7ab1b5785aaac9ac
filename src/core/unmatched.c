/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unmatched.h"

#include "term.h"
#include "wish.h"

#include <stdio.h>
#include <string.h>

#define BEFORE    "the rule matches nothing: "
#define WORDS_MAX (FINDING_TEXT_MAX - sizeof(BEFORE))

/* So many members of a group, and devices elsewhere, are named. */
#define NAMED_MAX   3
#define MEMBERS_MAX (NAMED_MAX * (PCI_ADDRESS_TEXT_MAX + 16) + 16)

static bool has_id(const struct machine *machine, const struct term *term,
	const struct pci_function *function)
{
	return wish_known(machine, function, ATTRIBUTE_IDS) &&
	       pci_id_pattern_matches(&term->id, &function->id);
}

/* Whether any function of the machine satisfies one term by itself. */
static bool anyone_satisfies(
	const struct machine *machine, const struct rule *rule, const struct term *term)
{
	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];

		if (term->kind == TERM_ID ? has_id(machine, term, function)
					  : term_holds(machine, rule, term, function))
			return true;
	}
	return false;
}

/* The group that a term says, with all members in the machine. */
static int group_said(const struct machine *machine, const struct term *term)
{
	const struct pci_function *member;

	if (term->kind == TERM_GROUP_NUMBER) {
		(void)wish_all_known(machine, ATTRIBUTE_GROUP);
		return (int)term->group;
	}
	member = machine_find(machine, &term->group_of);
	return member && wish_known(machine, member, ATTRIBUTE_MEMBERS)
		       ? member->group
		       : MACHINE_GROUP_NONE;
}

static const char *group_of_words(const struct machine *machine, const struct term *term)
{
	if (!machine_find(machine, &term->group_of))
		return "there is no PCI function ";
	if (group_said(machine, term) == MACHINE_GROUP_NONE)
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

static bool is_group_term(const struct term *term)
{
	return term->kind == TERM_GROUP_NUMBER || term->kind == TERM_GROUP_OF;
}

/* The term that says which group, NULL for none; the group that it says. */
static const struct term *group_term(
	const struct machine *machine, const struct rule *rule, int *ret_group)
{
	for (unsigned i = 0; i < rule->term_count; i++) {
		const struct term *term = &rule->terms[i];

		if (!is_group_term(term))
			continue;
		*ret_group = group_said(machine, term);
		return term;
	}
	return NULL;
}

/* Whether it is what the rule describes but for the group. */
static bool is_described(const struct machine *machine, const struct rule *rule,
	const struct pci_function *function)
{
	bool described = false;

	for (unsigned i = 0; i < rule->term_count; i++) {
		const struct term *term = &rule->terms[i];

		if (is_group_term(term))
			continue;
		if (!term_holds(machine, rule, term, function))
			return false;
		described = true;
	}
	return described;
}

static void append(char *out, size_t size, const char *words)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s", words);
}

/* Names the endpoints of the group; false where it has none. */
static bool add_members(const struct machine *machine, const struct rule *rule, int group,
	char *out, size_t size)
{
	unsigned count = 0;

	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];
		char address[PCI_ADDRESS_TEXT_MAX], words[PCI_ADDRESS_TEXT_MAX + 32];

		if (!term_in_group(machine, rule, function, group) ||
			count++ >= NAMED_MAX ||
			!wish_known(machine, function, ATTRIBUTE_IDS))
			continue;
		pci_address_format(&function->address, address);
		snprintf(words, sizeof(words), "%s%s [%04x:%04x]", count > 1 ? ", " : "",
			address, function->id.vendor, function->id.device);
		append(out, size, words);
	}
	if (count > NAMED_MAX)
		append(out, size, " and others");
	return count > 0;
}

/* Where the devices are that the rule describes. */
static void add_elsewhere(
	const struct machine *machine, const struct rule *rule, char *out, size_t size)
{
	unsigned count = 0;

	for (size_t i = 0; i < machine->count && count < NAMED_MAX; i++) {
		const struct pci_function *function = &machine->functions[i];
		char address[PCI_ADDRESS_TEXT_MAX], words[PCI_ADDRESS_TEXT_MAX + 64];

		if (!is_described(machine, rule, function) ||
			!wish_known(machine, function, ATTRIBUTE_GROUP))
			continue;
		pci_address_format(&function->address, address);
		if (function->group == MACHINE_GROUP_NONE)
			snprintf(words, sizeof(words), "; %s is in no group", address);
		else
			snprintf(words, sizeof(words), "; %s is in group %d", address,
				function->group);
		append(out, size, words);
		count++;
	}
}

/*
 * Every term but perhaps that of a group is satisfied by something, and nothing satisfies
 * them all. Numbers of groups move: so what is in that group now, and where the others
 * are.
 */
static void together_words(
	const struct machine *machine, const struct rule *rule, char *out, size_t size)
{
	char members[MEMBERS_MAX] = "", what[PCI_ADDRESS_TEXT_MAX];
	int group;
	const struct term *term = group_term(machine, rule, &group);

	if (!term) {
		snprintf(out, size, "no device fits all its terms at once");
		return;
	}
	if (!add_members(machine, rule, group, members, sizeof(members))) {
		term_words(machine, term, out, size);
	} else if (term->kind == TERM_GROUP_NUMBER) {
		snprintf(out, size, "in IOMMU group %d there is only %s", group, members);
	} else {
		pci_address_format(&term->group_of, what);
		snprintf(out, size, "in the IOMMU group of %s there is only %s", what,
			members);
	}
	add_elsewhere(machine, rule, out, size);
}

/* They appear when the host's driver makes them, which is later than the boot run. */
static bool note_no_vfs_yet(
	const struct machine *machine, const struct rule *rule, struct findings *findings)
{
	const struct term *term = rule_term(rule, TERM_VF_OF);
	const struct pci_function *parent =
		term ? machine_find(machine, &term->vf_of) : NULL;

	if (!parent || anyone_satisfies(machine, rule, term) ||
		!wish_known(machine, parent, ATTRIBUTE_IDS))
		return false;
	finding_add(findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, parent, rule,
		"has no virtual functions now; they are taken when they appear");
	return true;
}

void unmatched_note(
	const struct machine *machine, const struct rule *rule, struct findings *findings)
{
	char words[WORDS_MAX];

	if (note_no_vfs_yet(machine, rule, findings))
		return;
	together_words(machine, rule, words, sizeof(words));
	for (unsigned i = 0; i < rule->term_count; i++) {
		const struct term *term = &rule->terms[i];

		if (is_group_term(term) || anyone_satisfies(machine, rule, term))
			continue;
		term_words(machine, term, words, sizeof(words));
		break;
	}
	finding_add(findings, SEVERITY_WARNING, VERDICT_UNMATCHED, GUARD_NONE, NULL, rule,
		BEFORE "%s", words);
}

const char *unmatched_why(const char *text)
{
	const size_t length = sizeof(BEFORE) - 1;

	return text + (strncmp(text, BEFORE, length) == 0 ? length : 0);
}
