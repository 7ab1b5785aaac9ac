/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64
/* PCI_CLASS_NOT_DEFINED_VGA (include/linux/pci_ids.h). */
#define SUB_OLD_VGA 0x0001U
/* Bytes of an address by which it is ordered: device and function, bus, domain. */
#define ORDER_BYTES 6

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

static unsigned char order_byte(const struct pci_address *address, unsigned byte)
{
	switch (byte) {
	case 0:
		return (unsigned char)(address->device << 3 | address->function);
	case 1:
		return address->bus;
	default:
		return (unsigned char)(address->domain >> (8 * (byte - 2)));
	}
}

/* One step of a radix sort, the lowest byte being first; false where that byte is the
 * same everywhere, and nothing was done. */
static bool order_by(unsigned byte, const struct pci_listed from[], size_t count,
	struct pci_listed to[])
{
	size_t places[256] = {0}, before = 0;

	for (size_t i = 0; i < count; i++)
		places[order_byte(&from[i].address, byte)]++;
	if (places[order_byte(&from[0].address, byte)] == count)
		return false;
	for (size_t i = 0; i < 256; i++) {
		size_t here = places[i];

		places[i] = before;
		before += here;
	}
	for (size_t i = 0; i < count; i++)
		to[places[order_byte(&from[i].address, byte)]++] = from[i];
	return true;
}

static int order(struct pci_listed listed[], size_t count)
{
	struct pci_listed *other = calloc(count + 1, sizeof(*other));
	struct pci_listed *from = listed, *to = other;

	if (!other)
		return -ENOMEM;
	for (unsigned byte = 0; count > 0 && byte < ORDER_BYTES; byte++) {
		struct pci_listed *done = to;

		if (!order_by(byte, from, count, to))
			continue;
		to = from;
		from = done;
	}
	if (from != listed)
		memcpy(listed, from, count * sizeof(*listed));
	free(other);
	return 0;
}

int machine_make(struct pci_listed listed[], size_t count, struct machine *ret)
{
	struct machine machine = {.count = count, .capacity = count};

	machine.functions = calloc(count + 1, sizeof(*machine.functions));
	if (!machine.functions || order(listed, count) < 0) {
		free(machine.functions);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		machine.functions[i].address = listed[i].address;
		machine.functions[i].node = listed[i].node;
		machine.functions[i].group = MACHINE_GROUP_NONE;
	}
	*ret = machine;
	return 0;
}

/* What sysfs says of a device that is no longer there. */
static bool has_vanished(const struct pci_function *function)
{
	return function->unknown == -ENOENT || function->unknown == -ENODEV ||
	       function->unknown == -ENXIO;
}

void machine_drop_vanished(struct machine *machine)
{
	size_t count = 0;

	for (size_t i = 0; i < machine->count; i++) {
		if (has_vanished(&machine->functions[i]))
			continue;
		if (count != i)
			machine->functions[count] = machine->functions[i];
		count++;
	}
	machine->count = count;
}

void machine_clear(struct machine *machine)
{
	free(machine->functions);
	free(machine->wishes);
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

bool pci_function_may_have_picture(const struct pci_function *function)
{
	return PCI_CLASS_BASE(function->class_code) == PCI_BASE_DISPLAY ||
	       PCI_CLASS_SUB(function->class_code) == SUB_OLD_VGA;
}

bool pci_function_is_infrastructure(const struct pci_function *function)
{
	uint32_t base = PCI_CLASS_BASE(function->class_code);
	uint32_t sub = PCI_CLASS_SUB(function->class_code);

	return function->is_bridge || base == PCI_BASE_BRIDGE ||
	       base == PCI_BASE_SYSTEM || sub == PCI_SUB_MEMORY_RAM ||
	       sub == PCI_SUB_SMBUS;
}
