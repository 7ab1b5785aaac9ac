/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse, print, parse again: the same facts; and they can be applied to a machine. */
#include "core/facts.h"
#include "fuzz_check.h"

static void check_equal(const struct facts *a, const struct facts *b)
{
	CHECK(strcmp(a->version, b->version) == 0 && a->made == b->made);
	CHECK(a->config_hash == b->config_hash && a->root == b->root);
	CHECK(strcmp(a->root_words, b->root_words) == 0);
	CHECK(a->keyboards_known == b->keyboards_known);
	CHECK(a->network_known == b->network_known);
	CHECK(a->root_name_count == b->root_name_count && a->count == b->count);
	for (unsigned i = 0; i < a->root_name_count; i++)
		CHECK(a->root_names[i].kind == b->root_names[i].kind &&
			strcmp(a->root_names[i].value, b->root_names[i].value) == 0);
	for (size_t i = 0; i < a->count; i++) {
		const struct fact *left = &a->items[i], *right = &b->items[i];

		CHECK(left->kind == right->kind);
		CHECK(strcmp(left->words, right->words) == 0);
		CHECK(left->function_count == right->function_count);
		for (unsigned j = 0; j < left->function_count; j++) {
			const struct fact_function *f = &left->functions[j];
			const struct fact_function *g = &right->functions[j];

			CHECK(pci_path_equal(&f->path, &g->path));
			CHECK(f->vendor == g->vendor && f->device == g->device);
			CHECK(f->class_code == g->class_code);
		}
	}
}

/* A machine that has the function of every second need. */
static void apply(const struct facts *facts)
{
	const struct boot_source source = {0};
	struct machine machine = {0};
	struct needs needs = {0};

	for (size_t i = 0; i < facts->count; i += 2) {
		const struct fact *fact = &facts->items[i];
		struct pci_function *function;

		if (fact->function_count == 0)
			continue;
		function = machine_add(&machine);
		CHECK(function);
		function->address.bus = (uint8_t)i;
		function->path = fact->functions[fact->function_count - 1].path;
		function->id.vendor = fact->functions[fact->function_count - 1].vendor;
		function->id.device = fact->functions[fact->function_count - 1].device;
		function->class_code =
			fact->functions[fact->function_count - 1].class_code;
	}
	machine_sort(&machine);
	facts_apply(facts, &machine, &source, &needs);
	CHECK(needs.count <= NEEDS_MAX);
	CHECK(needs.root < ROOT_PLACE_COUNT);
	needs_clear(&needs);
	machine_clear(&machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts facts, again;
	unsigned line = 0;
	char *text;

	if (facts_parse((const char *)data, size, &facts, &line) != 0)
		return 0;
	CHECK(facts.count <= NEEDS_MAX && facts.root_name_count <= ROOT_NAMES_MAX);
	text = facts_print(&facts);
	CHECK(text);
	/* Escapes can make the printed text longer than the limit for reading. */
	if (strlen(text) <= FACTS_BYTES_MAX) {
		CHECK(facts_parse(text, strlen(text), &again, &line) == 0);
		check_equal(&facts, &again);
		facts_clear(&again);
	}
	free(text);
	apply(&facts);
	facts_clear(&facts);
	return 0;
}
