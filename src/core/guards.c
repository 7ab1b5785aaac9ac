/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guards.h"

#include "identity.h"
#include "unbind_rules.h"

#include <stdio.h>
#include <string.h>

static bool refuses_bridge(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct pci_function *function = wanted->function;
	bool smbus = PCI_CLASS_SUB(function->class_code) == PCI_SUB_SMBUS;

	(void)machine;
	if (!pci_function_is_infrastructure(function))
		return false;
	if (smbus && !function->is_bridge) {
		if (wanted->rule->allow & GUARD_BIT(GUARD_BRIDGE))
			return false;
		snprintf(why, GUARD_WHY_MAX,
			"an SMBus controller serves the whole board; allow=bridge takes "
			"it");
		return true;
	}
	snprintf(why, GUARD_WHY_MAX,
		"class %04x%s belongs to the machine itself and is never taken; name the "
		"endpoints behind it",
		PCI_CLASS_SUB(function->class_code),
		function->is_bridge ? ", a PCI bridge," : "");
	return true;
}

static bool refuses_identity(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct term *id = rule_term(wanted->rule, TERM_ID);
	char expected[PCI_ID_TEXT_MAX];

	(void)machine;
	if (wanted->widened || !rule_identity_mismatch(wanted->rule, wanted->function))
		return false;
	pci_id_pattern_format(&id->id, expected);
	snprintf(why, GUARD_WHY_MAX,
		"the rule expects %s here; find where that device is now and correct the "
		"line",
		expected);
	return true;
}

static bool refuses_no_iommu(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	if (wanted->function->group != MACHINE_GROUP_NONE)
		return false;
	if (wanted->rule->allow & GUARD_BIT(GUARD_NO_IOMMU))
		return false;
	snprintf(why, GUARD_WHY_MAX,
		machine->has_iommu
			? "it is in no IOMMU group, so VFIO cannot use it; "
			  "allow=no-iommu tries it all the same"
			: "the kernel has no IOMMU, so VFIO cannot use it; switch it on "
			  "in the firmware (VT-d, AMD-Vi) and, for Intel, with "
			  "intel_iommu=on "
			  "on the kernel command line; allow=no-iommu tries it all the "
			  "same");
	return true;
}

static bool refuses_bound(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct pci_function *function = wanted->function;
	char reason[GUARD_WHY_MAX - DRIVER_NAME_MAX - 56];

	(void)machine;
	if (!function->driver[0] || strcmp(function->driver, wanted->rule->driver) == 0)
		return false;
	if (unbind_permitted(wanted->rule->unbind, function, reason, sizeof(reason)))
		return false;
	snprintf(why, GUARD_WHY_MAX, "%s (%s) holds it: %s", function->driver,
		pci_driver_origin(function), reason);
	return true;
}

static const struct {
	enum guard guard;
	bool (*refuses)(
		const struct machine *machine, const struct wanted *wanted, char *why);
} guards[] = {
	{GUARD_BRIDGE, refuses_bridge},
	{GUARD_IDENTITY, refuses_identity},
	{GUARD_NO_IOMMU, refuses_no_iommu},
	{GUARD_BOUND, refuses_bound},
};

enum guard guards_ask(const struct machine *machine, const struct wanted *wanted,
	char why[GUARD_WHY_MAX])
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		if (guards[i].refuses(machine, wanted, why))
			return guards[i].guard;
	return GUARD_NONE;
}
