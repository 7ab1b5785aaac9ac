/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hung_load.h"

#include <errno.h>
#include <string.h>

static void ask(const struct effects *effects, struct pci_function *function)
{
	if (effects->settle(effects->context, &function->address) == -ETIMEDOUT)
		function->unknown = -ETIMEDOUT;
	else
		(void)effects->bound_driver(
			effects->context, &function->address, function->driver);
}

void hung_load_ask(const struct watch *watch, const struct effects *effects,
	const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		struct pci_function *function = wanted->function;

		if (!wanted->decided && !function->unknown &&
			strcmp(function->driver, wanted->rule->driver) == 0 &&
			watch_load_hung(watch, function->driver))
			ask(effects, function);
	}
}
