/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn_needs.h"

#include "scan/facts_file.h"
#include "scan/host_needs.h"

static bool observe_block(void *context, const char *name)
{
	struct watch *watch = context;

	if (!watch)
		return true;
	watch_leave(watch);
	return watch_enter(watch, CALL_BLOCK, NULL, name);
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

int learn_needs(int root, struct watch *watch, bool late,
	const struct selection *selection, struct machine *machine,
	struct findings *findings)
{
	const struct block_observer observer = {.context = watch, .enter = observe_block};
	struct boot_source source = {0};
	struct findings said_before = {0};
	struct facts facts = {0};
	int has_facts = facts_file_read(root, &facts, late ? &said_before : findings);
	int r = has_facts < 0 ? has_facts : 0;

	if (r == 0 && host_may_need(selection))
		r = host_needs_read(root, machine, &observer, &source, &machine->needs);
	if (r == 0 && has_facts)
		facts_apply(&facts, machine, &source, &machine->needs);
	facts_clear(&facts);
	findings_clear(&said_before);
	return r;
}
