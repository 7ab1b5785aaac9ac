/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "last_guards.h"

#include "wish.h"

#include <stdlib.h>
#include <string.h>

#define NOT_PLANNED ((size_t)-1)

static int compare_device(const void *key, const void *device)
{
	return pci_address_compare(
		key, &((const struct plan_device *)device)->function->address);
}

static bool is_planned(const struct plan *plan, const struct pci_address *address)
{
	return plan->device_count > 0 &&
	       bsearch(address, plan->devices, plan->device_count, sizeof(*plan->devices),
		       compare_device);
}

static bool is_given_away(const struct pci_function *function)
{
	return strcmp(function->driver, "pci-stub") == 0 ||
	       strstr(function->driver, "vfio") != NULL;
}

/* Whether the function is one of what the guard is about. */
static bool is_display(const struct machine *machine, const struct pci_function *function)
{
	return wish_known(machine, function, ATTRIBUTE_IDS) &&
	       PCI_CLASS_BASE(function->class_code) == PCI_BASE_DISPLAY &&
	       PCI_CLASS_SUB(function->class_code) != PCI_SUB_DISPLAY_3D;
}

static bool has_keyboard(
	const struct machine *machine, const struct pci_function *function)
{
	return needs_find(&machine->needs, NEED_KEYBOARD, &function->address) != NULL;
}

static bool keyboard_elsewhere(const struct machine *machine)
{
	return needs_find(&machine->needs, NEED_KEYBOARD, NULL) != NULL;
}

static bool display_elsewhere(const struct machine *machine)
{
	(void)machine;
	return false;
}

static const struct last_guard {
	enum guard guard;
	bool (*is_one)(
		const struct machine *machine, const struct pci_function *function);
	/* One that no PCI function carries. */
	bool (*elsewhere)(const struct machine *machine);
} last_guards[] = {
	{GUARD_KEYBOARD, has_keyboard, keyboard_elsewhere},
	{GUARD_LAST_DISPLAY, is_display, display_elsewhere},
};

static bool one_stays(const struct last_guard *guard, const struct machine *machine,
	const struct plan *plan)
{
	if (guard->elsewhere(machine))
		return true;
	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];

		/* One whose driver never came back from a call is of no use to the host.
		 */
		if (!function->unknown && guard->is_one(machine, function) &&
			wish_known(machine, function, ATTRIBUTE_DRIVER) &&
			!is_given_away(function) && !is_planned(plan, &function->address))
			return true;
	}
	return false;
}

/* The one to keep: no rule gave it away, and it is not away already. */
static size_t choose(const struct last_guard *guard, const struct machine *machine,
	const struct plan *plan)
{
	size_t chosen = NOT_PLANNED;

	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		if (!guard->is_one(machine, device->function) ||
			is_given_away(device->function) ||
			device->rule->allow & GUARD_BIT(guard->guard))
			continue;
		if (chosen == NOT_PLANNED ||
			(device->function->boot_display &&
				!plan->devices[chosen].function->boot_display))
			chosen = i;
	}
	return chosen;
}

static void refuse(const struct last_guard *guard, const struct machine *machine,
	const struct plan_device *device, struct findings *findings)
{
	const struct need *need =
		needs_find(&machine->needs, NEED_KEYBOARD, &device->function->address);
	const bool is_keyboard = guard->guard == GUARD_KEYBOARD && need;

	finding_add(findings, SEVERITY_WARNING, VERDICT_REFUSED, guard->guard,
		device->function, device->rule, "refused, %s: %s%s" GUARD_LIFTED_BY,
		guard_name(guard->guard),
		is_keyboard ? need->words : "the host would have no display left",
		is_keyboard ? ", and the host would have no other" : "",
		guard_name(guard->guard));
}

static void take_out(struct plan *plan, size_t device)
{
	memmove(&plan->devices[device], &plan->devices[device + 1],
		(plan->device_count - device - 1) * sizeof(*plan->devices));
	plan->device_count--;
}

void last_guards_apply(
	const struct machine *machine, struct plan *plan, struct findings *findings)
{
	for (size_t i = 0; i < sizeof(last_guards) / sizeof(last_guards[0]); i++) {
		const struct last_guard *guard = &last_guards[i];
		size_t chosen = choose(guard, machine, plan);

		if (chosen == NOT_PLANNED || one_stays(guard, machine, plan))
			continue;
		refuse(guard, machine, &plan->devices[chosen], findings);
		take_out(plan, chosen);
	}
}
