/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viability.h"

#include "groups.h"
#include "wish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is so of a function of the machine. */
enum {
	IS_SELECTED = 1,
	IS_PLANNED = 2,
	IS_NOTED = 4, /* the first member of a group that was looked at */
};

struct view {
	const struct machine *machine;
	const struct selection *selection;
	struct groups groups;
	unsigned char *roles; /* for each function of the machine */
};

static void set_role(struct view *view, const struct pci_function *function, int role)
{
	unsigned char *roles = &view->roles[function - view->machine->functions];

	*roles = (unsigned char)(*roles | role);
}

static int view_make(struct view *view, const struct plan *plan)
{
	view->roles = calloc(view->machine->count + 1, sizeof(*view->roles));
	if (!view->roles || groups_make(view->machine, &view->groups) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < view->selection->count; i++)
		set_role(view, view->selection->items[i].function, IS_SELECTED);
	for (size_t i = 0; i < plan->device_count; i++)
		set_role(view, plan->devices[i].function, IS_PLANNED);
	return 0;
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
static const char *fix_words(const struct view *view, const struct pci_function *member)
{
	if (selection_kept_by(view->selection, view->machine, member))
		return "a keep rule holds it back";
	if (view->roles[member - view->machine->functions] & IS_SELECTED)
		return "it was refused, see its own line";
	if (PCI_CLASS_SUB(member->class_code) == PCI_SUB_SMBUS)
		return "a rule of its own with allow=bridge takes it";
	if (pci_function_is_infrastructure(member))
		return "it is of a class that is never taken";
	return "with=group takes it along";
}

/* Once for each group: the other planned devices would repeat it. */
static void note_group(
	struct view *view, const struct plan_device *device, struct findings *findings)
{
	const struct groups *groups = &view->groups;
	int group = device->function->group;
	size_t first = groups_first(groups, group);
	unsigned char *role;

	if (!wish_known(view->machine, device->function, ATTRIBUTE_MEMBERS) ||
		first == groups->count)
		return;
	role = &view->roles[groups->members[first].function];
	if (*role & IS_NOTED)
		return;
	*role |= IS_NOTED;
	for (size_t i = first; i < groups->count && groups->members[i].group == group;
		i++) {
		size_t index = groups->members[i].function;
		const struct pci_function *member = &view->machine->functions[index];

		if (view->roles[index] & IS_PLANNED ||
			!wish_known(view->machine, member,
				ATTRIBUTES_KIND | ATTRIBUTE_DRIVER) ||
			!spoils_group(member))
			continue;
		finding_add(findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE, member,
			device->rule,
			"stays with the host%s%s in IOMMU group %d, so no virtual "
			"machine can use that group; %s",
			member->driver[0] ? " driver " : "", member->driver,
			member->group, fix_words(view, member));
	}
}

int viability_note(const struct machine *machine, const struct selection *selection,
	const struct plan *plan, struct findings *findings)
{
	struct view view = {.machine = machine, .selection = selection};
	int r = plan->device_count > 0 ? view_make(&view, plan) : 0;

	for (size_t i = 0; r == 0 && i < plan->device_count; i++)
		note_group(&view, &plan->devices[i], findings);
	groups_clear(&view.groups);
	free(view.roles);
	return r;
}
