/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viability.h"

#include <string.h>

static bool is_planned(const struct plan *plan, const struct pci_function *function)
{
	for (size_t i = 0; i < plan->device_count; i++)
		if (plan->devices[i].function == function)
			return true;
	return false;
}

/* The first planned device of the group: the others would repeat the notice. */
static bool speaks_for_group(const struct plan *plan, size_t device)
{
	int group = plan->devices[device].function->group;

	if (group == MACHINE_GROUP_NONE)
		return false;
	for (size_t i = 0; i < device; i++)
		if (plan->devices[i].function->group == group)
			return false;
	return true;
}

static bool managed_by_user(const char *driver)
{
	return strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0 ||
	       strstr(driver, "vfio");
}

/* A member without a driver counts too: the host's driver is only not there yet. */
static bool spoils_group(const struct pci_function *member)
{
	if (member->is_bridge || managed_by_user(member->driver))
		return false;
	return member->driver[0] || !pci_function_is_infrastructure(member);
}

/* What would take a member along, or why nothing does. */
static const char *fix_words(const struct machine *machine,
	const struct selection *selection, const struct pci_function *member)
{
	if (selection_kept_by(selection, machine, member))
		return "a keep rule holds it back";
	for (size_t i = 0; i < selection->count; i++)
		if (selection->items[i].function == member)
			return "it was refused, see its own line";
	if (PCI_CLASS_SUB(member->class_code) == PCI_SUB_SMBUS)
		return "a rule of its own with allow=bridge takes it";
	if (pci_function_is_infrastructure(member))
		return "it is of a class that is never taken";
	return "with=group takes it along";
}

void viability_note(const struct machine *machine, const struct selection *selection,
	const struct plan *plan, struct findings *findings)
{
	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		if (!speaks_for_group(plan, i))
			continue;
		for (size_t j = 0; j < machine->count; j++) {
			const struct pci_function *member = &machine->functions[j];

			if (member->group != device->function->group ||
				is_planned(plan, member) || !spoils_group(member))
				continue;
			finding_add(findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE,
				member, device->rule,
				"stays with the host%s%s in IOMMU group %d, so no "
				"virtual "
				"machine can use that group; %s",
				member->driver[0] ? " driver " : "", member->driver,
				member->group, fix_words(machine, selection, member));
		}
	}
}
