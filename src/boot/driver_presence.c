/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver_presence.h"

#include "apply/kernel_effects.h"
#include "apply/module_load.h"

#include <string.h>

/* An earlier function whose rule asks for the same driver, NULL for none. */
static const struct pci_function *asked_before(
	const struct selection *selection, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!selection->items[i].decided &&
			strcmp(selection->items[i].rule->driver,
				selection->items[index].rule->driver) == 0)
			return selection->items[i].function;
	return NULL;
}

void driver_presence_find(const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		const struct pci_function *before = asked_before(selection, i);
		const char *driver = wanted->rule->driver;

		if (wanted->decided)
			continue;
		wanted->function->driver_missing =
			before ? before->driver_missing
			       : !kernel_driver_present(NULL, driver) &&
					 !module_known(driver);
	}
}
