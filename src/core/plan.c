/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"

#include "guards.h"
#include "last_guards.h"
#include "viability.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* OVERRIDE, UNBIND, PROBE, RELEASE for each device and two LOADs for as many drivers at
 * most. */
#define OPERATIONS_PER_DEVICE 6

#define IOMMU_BACKEND "vfio_iommu_type1"

static bool on_wanted_driver(const struct plan_device *device)
{
	return strcmp(device->function->driver, device->rule->driver) == 0;
}

/* When this run began; an attempt that was left behind may have bound it since. */
static bool was_on_wanted_driver(const struct plan_device *device)
{
	return strcmp(pci_driver_before(device->function), device->rule->driver) == 0;
}

static bool wants_vfio(const struct plan_device *device)
{
	return strstr(device->rule->driver, "vfio") != NULL;
}

static bool override_is_set(const struct plan_device *device)
{
	return strcmp(device->function->override, device->rule->driver) == 0;
}

static void add_operation(
	struct plan *plan, enum operation_kind kind, size_t device, const char *module)
{
	plan->operations[plan->operation_count++] =
		(struct operation){.kind = kind, .device = device, .module = module};
}

static const char *driver_of(const struct plan *plan, size_t device)
{
	return plan->devices[device].rule->driver;
}

/* LOADs stand together, so looking back ends at the first other operation. */
static bool load_planned(const struct plan *plan, size_t device)
{
	for (size_t i = plan->operation_count; i-- > 0;) {
		const struct operation *operation = &plan->operations[i];

		if (operation->kind != OPERATION_LOAD)
			return false;
		if (strcmp(driver_of(plan, operation->device), driver_of(plan, device)) ==
			0)
			return true;
	}
	return false;
}

static bool backend_planned(const struct plan *plan)
{
	for (size_t i = plan->operation_count; i-- > 0;) {
		if (plan->operations[i].kind != OPERATION_LOAD)
			return false;
		if (plan->operations[i].module)
			return true;
	}
	return false;
}

static void add_load(struct plan *plan, size_t device)
{
	if (load_planned(plan, device))
		return;
	add_operation(plan, OPERATION_LOAD, device, NULL);
	if (wants_vfio(&plan->devices[device]) && !backend_planned(plan))
		add_operation(plan, OPERATION_LOAD, device, IOMMU_BACKEND);
}

/* What it will be after the bind nobody knows: this kernel may release it by itself. */
static bool may_need_release(const struct plan *plan, const struct plan_device *device)
{
	return device->function->boot_display && wants_vfio(device) &&
	       framebuffer_fate(device->rule->framebuffer, plan->framebuffer) !=
		       FRAMEBUFFER_GONE;
}

static void order_operations(struct plan *plan, const struct selection *selection)
{
	for (size_t i = 0; i < selection->held_count; i++)
		plan->operations[plan->operation_count++] = (struct operation){
			.kind = OPERATION_HOLD, .function = selection->held[i]};
	for (size_t i = 0; i < plan->device_count; i++)
		if (!override_is_set(&plan->devices[i]))
			add_operation(plan, OPERATION_OVERRIDE, i, NULL);
	for (size_t i = 0; i < plan->device_count; i++)
		if (!on_wanted_driver(&plan->devices[i]))
			add_load(plan, i);
	for (size_t i = 0; i < plan->device_count; i++)
		if (plan->devices[i].function->driver[0] &&
			!on_wanted_driver(&plan->devices[i]))
			add_operation(plan, OPERATION_UNBIND, i, NULL);
	for (size_t i = 0; i < plan->device_count; i++)
		if (!on_wanted_driver(&plan->devices[i]))
			add_operation(plan, OPERATION_PROBE, i, NULL);
	for (size_t i = 0; i < plan->device_count; i++)
		if (may_need_release(plan, &plan->devices[i]))
			add_operation(plan, OPERATION_RELEASE, i, NULL);
}

static void warn_display(const struct plan_device *device, struct findings *findings)
{
	const struct pci_function *function = device->function;

	if (PCI_CLASS_BASE(function->class_code) != PCI_BASE_DISPLAY)
		return;
	if (!pci_driver_before(function)[0] || was_on_wanted_driver(device))
		return;
	finding_add(findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE, function,
		device->rule,
		"taking a display away from %s, which can hang (unbind=always)",
		pci_driver_before(function));
}

/*
 * A VFIO driver takes the picture away, or powers the display down (D3hot) under it; any
 * driver does where the present one is unbound for it. Only pci-stub and its like leave a
 * display that nobody drives to the boot framebuffer, and the prompt with it.
 */
static void warn_prompt(const struct plan_device *device, struct findings *findings)
{
	const struct pci_function *function = device->function;

	if (!function->boot_display || was_on_wanted_driver(device))
		return;
	if (!wants_vfio(device) && !pci_driver_before(function)[0])
		return;
	finding_add(findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE, function,
		device->rule,
		"the boot display is being taken: a prompt, as for a disk's passphrase, "
		"may be invisible from here on");
}

static void add_device(struct plan *plan, const struct machine *machine,
	const struct wanted *wanted, struct findings *findings)
{
	struct plan_device *device = &plan->devices[plan->device_count];
	char why[GUARD_WHY_MAX];
	enum guard guard;

	if (wanted->function->unknown) {
		finding_add(findings, SEVERITY_ERROR, VERDICT_FAILED, GUARD_NONE,
			wanted->function, wanted->rule, "failed: %s; left alone",
			wanted->function->unknown == -ETIMEDOUT
				? "the kernel call on it never returned"
				: "its attributes could not be read");
		return;
	}
	guard = guards_ask(machine, wanted, why);
	wanted->function->waits = guard_waits(guard);
	if (guard != GUARD_NONE) {
		finding_add(findings, SEVERITY_WARNING, VERDICT_REFUSED, guard,
			wanted->function, wanted->rule, "refused, %s: %s",
			guard_name(guard), why);
		return;
	}
	device->function = wanted->function;
	device->rule = wanted->rule;
	plan->device_count++;
}

/* What there is to say about devices that no guard refused. */
static void note_plan(const struct plan *plan, struct findings *findings)
{
	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		warn_display(device, findings);
		warn_prompt(device, findings);
		if (!device->function->past && on_wanted_driver(device) &&
			override_is_set(device))
			finding_add(findings, SEVERITY_INFO, VERDICT_ALREADY, GUARD_NONE,
				device->function, device->rule, "already bound to %s",
				device->rule->driver);
	}
}

int plan_make(const struct machine *machine, const struct selection *selection,
	struct plan *ret_plan, struct findings *findings)
{
	struct plan plan = {.framebuffer = &machine->framebuffer};
	int r = -ENOMEM;

	/* One more than is needed: never an array of nothing. */
	plan.devices = calloc(selection->count + 1, sizeof(*plan.devices));
	plan.operations = calloc(
		selection->count * OPERATIONS_PER_DEVICE + selection->held_count + 1,
		sizeof(*plan.operations));
	if (plan.devices && plan.operations) {
		for (size_t i = 0; i < selection->count; i++)
			if (!selection->items[i].decided)
				add_device(
					&plan, machine, &selection->items[i], findings);
		last_guards_apply(machine, &plan, findings);
		note_plan(&plan, findings);
		r = viability_note(machine, selection, &plan, findings);
	}
	if (r < 0) {
		plan_clear(&plan);
		return r;
	}
	order_operations(&plan, selection);
	*ret_plan = plan;
	return 0;
}

static void describe_release(const struct plan *plan, const struct plan_device *device,
	struct findings *findings)
{
	const struct boot_framebuffer *framebuffer = plan->framebuffer;
	const char *fate = NULL;

	if (!may_need_release(plan, device))
		return;
	switch (framebuffer_fate(device->rule->framebuffer, framebuffer)) {
	case FRAMEBUFFER_GONE:
		return;
	case FRAMEBUFFER_TO_RELEASE:
		fate = "be released from";
		break;
	case FRAMEBUFFER_LEFT:
		fate = "be left to";
		break;
	case FRAMEBUFFER_FIXED:
		fate = "stay with";
		break;
	}
	finding_add(findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, device->function,
		device->rule,
		"the boot framebuffer, which lies in one of its BARs, would %s %s where "
		"the kernel does not release it itself",
		fate, framebuffer->device[0] ? framebuffer->device : framebuffer->claim);
}

void plan_describe(const struct plan *plan, struct findings *findings)
{
	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		if (on_wanted_driver(device) && override_is_set(device))
			continue;
		finding_add(findings, SEVERITY_INFO, VERDICT_WOULD_BIND, GUARD_NONE,
			device->function, device->rule, "would be bound to %s%s%s",
			device->rule->driver,
			device->function->driver[0] && !on_wanted_driver(device)
				? ", taken from "
				: "",
			on_wanted_driver(device) ? "" : device->function->driver);
		describe_release(plan, device, findings);
	}
}

void plan_clear(struct plan *plan)
{
	free(plan->devices);
	free(plan->operations);
	*plan = (struct plan){0};
}
