/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"

#include "wish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Children of a VMD controller appear in domains above this only when its driver is
 * there (vmd_find_free_domain() in drivers/pci/controller/vmd.c). */
#define DOMAIN_OF_FIRMWARE_MAX 0xffffU

static bool is_above(const struct pci_path *upper, const struct pci_path *lower)
{
	return upper->domain == lower->domain && upper->bus == lower->bus &&
	       upper->hops < lower->hops &&
	       memcmp(upper->devfn, lower->devfn, upper->hops) == 0;
}

static struct fact_function fact_function(const struct pci_function *function)
{
	return (struct fact_function){.path = function->path,
		.vendor = function->id.vendor,
		.device = function->id.device,
		.class_code = function->class_code};
}

/* The function and all above it, by their depth: a bridge has fewer hops. */
static int set_functions(struct fact *fact, const struct machine *machine,
	const struct pci_function *function)
{
	fact->functions = calloc(PCI_PATH_HOPS_MAX, sizeof(*fact->functions));
	if (!fact->functions)
		return -ENOMEM;
	for (uint8_t hops = 1; hops < function->path.hops; hops++)
		for (size_t i = 0; i < machine->count; i++)
			if (machine->functions[i].path.hops == hops &&
				is_above(&machine->functions[i].path, &function->path)) {
				fact->functions[fact->function_count++] =
					fact_function(&machine->functions[i]);
				break;
			}
	fact->functions[fact->function_count++] = fact_function(function);
	return 0;
}

static int add_fact(
	struct facts *facts, const struct machine *machine, const struct need *need)
{
	struct fact *fact = &facts->items[facts->count];
	const struct pci_function *function;

	fact->kind = need->kind;
	memcpy(fact->words, need->words, sizeof(fact->words));
	facts->count++;
	if (!need->on_pci)
		return 0;
	function = machine_find(machine, &need->address);
	/* Without its identity it would be taken for one that no rule can take away. */
	if (!function) {
		facts->count--;
		if (facts->root == ROOT_FOUND)
			facts->root = ROOT_UNKNOWN;
		return 0;
	}
	return set_functions(fact, machine, function);
}

int facts_make(
	const struct needs *needs, const struct machine *machine, struct facts *ret_facts)
{
	struct facts facts = {.root = needs->incomplete ? ROOT_UNKNOWN : needs->root,
		.keyboards_known = needs->keyboards_known && !needs->incomplete,
		.network_known = needs->network_known && !needs->incomplete,
		.root_name_count = needs->root_name_count};
	int r = 0;

	memcpy(facts.root_words, needs->root_words, sizeof(facts.root_words));
	memcpy(facts.root_names, needs->root_names, sizeof(facts.root_names));
	if (needs->count > 0) {
		facts.items = calloc(needs->count, sizeof(*facts.items));
		if (!facts.items)
			return -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < needs->count; i++)
		r = add_fact(&facts, machine, &needs->items[i]);
	if (r < 0) {
		facts_clear(&facts);
		return r;
	}
	*ret_facts = facts;
	return 0;
}

static bool same_identity(
	const struct fact_function *fact, const struct pci_function *function)
{
	return pci_path_equal(&fact->path, &function->path) &&
	       fact->vendor == function->id.vendor &&
	       fact->device == function->id.device &&
	       fact->class_code == function->class_code;
}

/* By their paths those are found of which more is needed. */
static bool is_looked_up(const struct facts *facts, const struct pci_function *function)
{
	for (size_t i = 0; i < facts->count; i++)
		for (unsigned j = 0; j < facts->items[i].function_count; j++)
			if (pci_path_equal(
				    &facts->items[i].functions[j].path, &function->path))
				return true;
	return false;
}

bool facts_are_comparable(const struct facts *facts, const struct machine *machine)
{
	bool known = true;

	if (facts->count == 0)
		return true;
	if (!wish_all_known(machine, ATTRIBUTE_PATH))
		return false;
	for (size_t i = 0; i < machine->count; i++)
		if (is_looked_up(facts, &machine->functions[i]))
			known &= wish_known(
				machine, &machine->functions[i], ATTRIBUTES_KIND);
	return known;
}

static const struct pci_function *find_function(
	const struct machine *machine, const struct fact_function *fact)
{
	for (size_t i = 0; i < machine->count; i++)
		if (same_identity(fact, &machine->functions[i]))
			return &machine->functions[i];
	return NULL;
}

/* False where the function that carried it is not there any more. */
static bool apply_fact(
	const struct fact *fact, const struct machine *machine, struct needs *needs)
{
	const struct pci_function *function = NULL;

	if (fact->function_count == 0) {
		needs_add(needs, fact->kind, NULL, "%s", fact->words);
		return true;
	}
	for (unsigned i = 0; i < fact->function_count; i++) {
		function = find_function(machine, &fact->functions[i]);
		if (function && !function->is_bridge)
			needs_add(
				needs, fact->kind, &function->address, "%s", fact->words);
	}
	return function || fact->functions[fact->function_count - 1].path.domain >
				   DOMAIN_OF_FIRMWARE_MAX;
}

/* Node names move; only those of device-mapper say what they name. */
static bool is_comparable(const struct device_spec *spec)
{
	return spec->kind != SPEC_NUMBER &&
	       (spec->kind != SPEC_NODE || strncmp(spec->value, "mapper/", 7) == 0);
}

/* Whether root= names something that the root of the facts is not. */
static bool names_another(const struct facts *facts, const struct boot_source *source)
{
	const struct boot_item *root = boot_source_item(source, BOOT_ROOT);
	bool comparable = false;

	if (source->network)
		return facts->root != ROOT_NETWORK;
	if (!root || !is_comparable(&root->spec))
		return false;
	for (unsigned i = 0; i < facts->root_name_count; i++) {
		if (facts->root_names[i].kind != root->spec.kind)
			continue;
		comparable = true;
		if (device_spec_same(&root->spec, facts->root_names[i].value))
			return false;
	}
	return comparable;
}

void facts_apply(const struct facts *facts, const struct machine *machine,
	const struct boot_source *source, struct needs *needs)
{
	const char *gone = NULL;

	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->items[i];

		if (!apply_fact(fact, machine, needs) && fact->kind == NEED_ROOT && !gone)
			gone = fact->words;
	}
	needs->keyboards_known |= facts->keyboards_known;
	needs->network_known |= facts->network_known;
	if (needs->root == ROOT_FOUND || needs->root == ROOT_NETWORK)
		return;
	if (facts->root != ROOT_FOUND && facts->root != ROOT_NETWORK) {
		needs_set_root(needs, ROOT_UNKNOWN, "when the image was built: %s",
			facts->root_words);
		return;
	}
	if (names_another(facts, source)) {
		needs_set_root(needs, ROOT_UNKNOWN,
			"root= is not the one of when the image was built");
		return;
	}
	needs->root_words[0] = '\0';
	needs->root = ROOT_UNKNOWN;
	if (gone)
		needs_set_root(needs, ROOT_UNSEEN,
			"what %s when the image was built is not there", gone);
	else
		needs_set_root(needs, facts->root, "%s", facts->root_words);
}

void facts_clear(struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		free(facts->items[i].functions);
	free(facts->items);
	*facts = (struct facts){0};
}
