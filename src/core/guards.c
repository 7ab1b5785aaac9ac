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
			"an SMBus controller serves the whole board" GUARD_LIFTED_BY,
			guard_name(GUARD_BRIDGE));
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
	char fix[IOMMU_FIX_MAX] = "";

	if (wanted->function->group != MACHINE_GROUP_NONE)
		return false;
	if (wanted->rule->allow & GUARD_BIT(GUARD_NO_IOMMU))
		return false;
	if (!machine->has_iommu)
		iommu_fix(&machine->iommu_switches, fix);
	snprintf(why, GUARD_WHY_MAX, "%s%s; taken only with allow=no-iommu",
		machine->has_iommu ? "it is in no IOMMU group, so VFIO cannot use it"
				   : "the kernel has no IOMMU, so VFIO cannot use it; ",
		fix);
	return true;
}

static bool refuses_root_disk(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct pci_address *address = &wanted->function->address;
	const struct need *need = needs_find(&machine->needs, NEED_ROOT, address);

	if (!need)
		need = needs_find(&machine->needs, NEED_DISK, address);
	if (!need || wanted->rule->allow & GUARD_BIT(GUARD_ROOT_DISK))
		return false;
	snprintf(why, GUARD_WHY_MAX, "%s" GUARD_LIFTED_BY, need->words,
		guard_name(GUARD_ROOT_DISK));
	return true;
}

static bool root_is_known(const struct needs *needs)
{
	return !needs->incomplete &&
	       (needs->root == ROOT_FOUND || needs->root == ROOT_NETWORK);
}

static bool refuses_storage(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct needs *needs = &machine->needs;

	if (PCI_CLASS_BASE(wanted->function->class_code) != PCI_BASE_STORAGE ||
		root_is_known(needs) || wanted->rule->allow & GUARD_BIT(GUARD_STORAGE))
		return false;
	snprintf(why, GUARD_WHY_MAX,
		"it is not known what the host boots from: %s" GUARD_LIFTED_BY,
		needs->root_words[0] ? needs->root_words
				     : "the image has no facts and there is no root=",
		guard_name(GUARD_STORAGE));
	return true;
}

/* The root is on the network, or nothing at all says that it is not, and through which
 * card it comes is not known. */
static bool network_is_open(const struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i].kind == NEED_NETWORK)
			return false;
	return needs->root == ROOT_NETWORK ||
	       (needs->root == ROOT_UNKNOWN && !needs->network_known);
}

static bool refuses_network(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct pci_function *function = wanted->function;
	const struct need *need =
		needs_find(&machine->needs, NEED_NETWORK, &function->address);
	const char *words;

	if (wanted->rule->allow & GUARD_BIT(GUARD_NETWORK))
		return false;
	if (need)
		words = need->words;
	else if (PCI_CLASS_BASE(function->class_code) == PCI_BASE_NETWORK &&
		 network_is_open(&machine->needs))
		words = machine->needs.root == ROOT_NETWORK
				? "/ comes over the network, and it is not known "
				  "through which card"
				: "it is not known whether the host boots over it";
	else
		return false;
	snprintf(why, GUARD_WHY_MAX, "%s" GUARD_LIFTED_BY, words,
		guard_name(GUARD_NETWORK));
	return true;
}

/* The name would match no driver, and the device be lost to its own. */
static bool refuses_driver(
	const struct machine *machine, const struct wanted *wanted, char *why)
{
	const struct pci_function *function = wanted->function;

	(void)machine;
	if (!function->driver_missing)
		return false;
	if (function->driver_meant[0]) {
		snprintf(why, GUARD_WHY_MAX,
			"no driver is called %s: the module of that name has the driver "
			"%s; write driver=%s",
			wanted->rule->driver, function->driver_meant,
			function->driver_meant);
		return true;
	}
	snprintf(why, GUARD_WHY_MAX,
		"there is no driver %s here: none of that name is registered, and "
		"/lib/modules has no such module for this kernel; correct driver=, or "
		"rebuild the boot image where the system has it",
		wanted->rule->driver);
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
	{GUARD_ROOT_DISK, refuses_root_disk},
	{GUARD_STORAGE, refuses_storage},
	{GUARD_NETWORK, refuses_network},
	{GUARD_DRIVER, refuses_driver},
	{GUARD_BOUND, refuses_bound},
};

bool guard_waits(enum guard guard)
{
	return guard == GUARD_DRIVER || guard == GUARD_NO_IOMMU;
}

enum guard guards_ask(const struct machine *machine, const struct wanted *wanted,
	char why[GUARD_WHY_MAX])
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		if (guards[i].refuses(machine, wanted, why))
			return guards[i].guard;
	return GUARD_NONE;
}
