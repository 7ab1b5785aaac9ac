/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wish.h"

#include <errno.h>
#include <stdlib.h>

int wishes_begin(struct machine *machine)
{
	struct wishes *wishes = calloc(
		1, sizeof(*wishes) + machine->count * sizeof(wishes->attributes[0]));

	if (!wishes)
		return -ENOMEM;
	free(machine->wishes);
	machine->wishes = wishes;
	return 0;
}

bool wish_known(const struct machine *machine, const struct pci_function *function,
	unsigned attributes)
{
	struct wishes *wishes = machine->wishes;
	unsigned missing = attributes & ~(unsigned)function->known;
	size_t index = (size_t)(function - machine->functions);

	if (!wishes || function->unknown || missing == 0)
		return true;
	wishes->attributes[index] = (uint16_t)(wishes->attributes[index] | missing);
	wishes->refused++;
	return false;
}

bool wish_all_known(const struct machine *machine, unsigned attributes)
{
	bool known = true;

	for (size_t i = 0; i < machine->count; i++)
		known &= wish_known(machine, &machine->functions[i], attributes);
	return known;
}

size_t wish_refusals(const struct machine *machine)
{
	return machine->wishes ? machine->wishes->refused : 0;
}
