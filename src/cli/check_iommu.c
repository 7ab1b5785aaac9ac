/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the IOMMU is on, and if not, why. The firmware describes one in the ACPI table
 * DMAR (Intel) or IVRS (AMD); which of them the kernel uses is in core/iommu_switches.h.
 */
#include "boot_loader.h"
#include "check_parts.h"
#include "core/iommu_switches.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOPIC  "iommu"
#define TABLES "sys/firmware/acpi/tables"

static bool has_table(const struct check *check, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), TABLES "/%s", name);
	return faccessat(check->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void fix_word(struct check *check, bool add, const char *word)
{
	char fix[CHECK_TEXT_MAX / 4];

	boot_loader_fix(boot_loader_find(check->root), add, word, fix, sizeof(fix));
	advice_fix(&check->advices, "%s", fix);
}

static void explain(struct check *check)
{
	struct advices *advices = &check->advices;
	struct iommu_switches switches;
	bool intel = has_table(check, "DMAR"), amd = has_table(check, "IVRS");

	iommu_switches_read(check->cmdline, strlen(check->cmdline), &switches);
	if (switches.off[0]) {
		advice_what(advices,
			"the IOMMU is switched off by %s on the kernel "
			"command line",
			switches.off);
		fix_word(check, false, switches.off);
	} else if (intel && !switches.intel_on) {
		advice_what(advices,
			"the firmware has an IOMMU (VT-d), which this kernel "
			"uses only when it is told to");
		fix_word(check, true, "intel_iommu=on");
	} else if (intel || amd) {
		advice_what(advices,
			"the firmware describes an IOMMU (%s), but the "
			"kernel does not use it",
			intel ? "DMAR" : "IVRS");
		advice_fix(advices, "sudo dmesg | grep -iE 'dmar|amd-vi|iommu' says why; "
				    "a newer firmware often helps");
	} else {
		advice_what(advices, "no IOMMU is on");
		advice_fix(advices,
			"switch on VT-d (Intel) or AMD-Vi, also called "
			"IOMMU, in the firmware setup%s",
			switches.intel_on ? ""
					  : "; for Intel also add intel_iommu=on to the "
					    "kernel command line");
	}
}

void check_iommu(struct check *check)
{
	const struct machine *machine = &check->survey->machine;
	bool groups = false;

	for (size_t i = 0; i < machine->count; i++)
		groups |= machine->functions[i].group != MACHINE_GROUP_NONE;
	if (groups) {
		advice_add(&check->advices, ADVICE_OK, TOPIC, "");
		advice_what(&check->advices, "the IOMMU is on, and there are groups");
		return;
	}
	advice_add(&check->advices,
		check_has_rules(check) ? ADVICE_ERROR : ADVICE_WARNING, TOPIC, "");
	if (machine->has_iommu) {
		advice_what(&check->advices,
			"there is an IOMMU, but no PCI device is in a group of it");
		advice_fix(&check->advices,
			"sudo dmesg | grep -iE 'dmar|amd-vi|iommu' says why");
	} else {
		explain(check);
	}
	advice_why(&check->advices, "without IOMMU groups VFIO can use no device");
}
