/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outcome.h"

#include <stdio.h>
#include <string.h>

static bool was_on_driver(const struct plan_device *device)
{
	return strcmp(pci_driver_before(device->function), device->rule->driver) == 0;
}

bool outcome_was_right(const struct plan_device *device)
{
	return was_on_driver(device) &&
	       strcmp(pci_override_before(device->function), device->rule->driver) == 0;
}

void outcome_add_bound(const struct plan_device *device, struct findings *findings)
{
	const struct pci_function *function = device->function;
	const char *driver = device->rule->driver, *before = pci_driver_before(function);

	if (outcome_was_right(device))
		return;
	if (was_on_driver(device))
		finding_add(findings, SEVERITY_INFO, VERDICT_BOUND, GUARD_NONE, function,
			device->rule,
			"bound to %s before, and kept there by driver_override", driver);
	else if (before[0])
		finding_add(findings, SEVERITY_INFO, VERDICT_BOUND, GUARD_NONE, function,
			device->rule, "bound to %s, taken from %s (%s)", driver, before,
			pci_driver_origin(function));
	else
		finding_add(findings, SEVERITY_INFO, VERDICT_BOUND, GUARD_NONE, function,
			device->rule, "bound to %s", driver);
}

void outcome_step_words(
	const struct plan_device *device, enum step step, char out[REASON_MAX])
{
	switch (step) {
	case STEP_OVERRIDE:
		snprintf(out, REASON_MAX, "driver_override could not be written");
		break;
	case STEP_LOAD:
		snprintf(out, REASON_MAX, "%s could not be loaded", device->rule->driver);
		break;
	case STEP_UNBIND:
		snprintf(out, REASON_MAX, "it could not be taken from %s",
			device->function->driver);
		break;
	case STEP_BIND:
		snprintf(out, REASON_MAX, "%s did not bind it", device->rule->driver);
		break;
	}
}
