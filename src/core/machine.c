/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

struct pci_function *machine_add(struct machine *machine)
{
	struct pci_function *function;

	if (machine->count == machine->capacity) {
		size_t capacity =
			machine->capacity ? machine->capacity * 2 : FIRST_CAPACITY;
		struct pci_function *functions = realloc(
			machine->functions, capacity * sizeof(*machine->functions));

		if (!functions)
			return NULL;
		machine->functions = functions;
		machine->capacity = capacity;
	}
	function = &machine->functions[machine->count++];
	*function = (struct pci_function){.group = MACHINE_GROUP_NONE};
	return function;
}

static int compare_functions(const void *a, const void *b)
{
	return pci_address_compare(&((const struct pci_function *)a)->address,
		&((const struct pci_function *)b)->address);
}

void machine_sort(struct machine *machine)
{
	if (machine->count > 1)
		qsort(machine->functions, machine->count, sizeof(*machine->functions),
			compare_functions);
}

void machine_clear(struct machine *machine)
{
	free(machine->functions);
	needs_clear(&machine->needs);
	*machine = (struct machine){0};
}

struct pci_function *machine_find(
	const struct machine *machine, const struct pci_address *address)
{
	const struct pci_function key = {.address = *address};

	if (machine->count == 0)
		return NULL;
	return bsearch(&key, machine->functions, machine->count,
		sizeof(*machine->functions), compare_functions);
}

const char *pci_driver_before(const struct pci_function *function)
{
	return function->past ? function->past->driver : function->driver;
}

const char *pci_override_before(const struct pci_function *function)
{
	return function->past ? function->past->override : function->override;
}

const char *pci_driver_origin(const struct pci_function *function)
{
	if (function->past ? function->past->driver_built_in : function->driver_built_in)
		return "built into the kernel";
	return function->late && !function->waited
		       ? "a module that was there before the device"
		       : "a module loaded before vfio-early ran";
}

bool pci_function_is_infrastructure(const struct pci_function *function)
{
	uint32_t base = PCI_CLASS_BASE(function->class_code);
	uint32_t sub = PCI_CLASS_SUB(function->class_code);

	return function->is_bridge || base == PCI_BASE_BRIDGE ||
	       base == PCI_BASE_SYSTEM || sub == PCI_SUB_MEMORY_RAM ||
	       sub == PCI_SUB_SMBUS;
}
