/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the IOMMU is on, and if not, why. The firmware describes one in the ACPI table
 * DMAR (Intel) or IVRS (AMD); the kernel uses AMD's unless it is told not to, and Intel's
 * where CONFIG_INTEL_IOMMU_DEFAULT_ON or intel_iommu=on says so (dmar_disabled in
 * drivers/iommu/intel/iommu.c).
 */
#include "boot_loader.h"
#include "check_parts.h"
#include "core/cmdline.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOPIC  "iommu"
#define TABLES "sys/firmware/acpi/tables"

struct switches {
	const char *off; /* the parameter that switches it off */
	bool intel_on;
	char word[64];
};

/* Whether one of the values, divided by commas, is this one. */
static bool has_value(const char *value, size_t length, const char *wanted)
{
	size_t wanted_length = strlen(wanted), at = 0;

	while (value && at <= length) {
		const char *comma = memchr(value + at, ',', length - at);
		size_t end = comma ? (size_t)(comma - value) : length;

		if (end - at == wanted_length &&
			memcmp(value + at, wanted, wanted_length) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

static bool look(void *context, const char *name, size_t name_length, const char *value,
	size_t value_length)
{
	static const char *const names[] = {"intel_iommu", "amd_iommu", "iommu"};
	struct switches *switches = context;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!cmdline_name_is(name, name_length, names[i]))
			continue;
		if (has_value(value, value_length, "off")) {
			snprintf(switches->word, sizeof(switches->word), "%s=%.*s",
				names[i], (int)value_length, value);
			switches->off = names[i];
		} else if (i == 0 && (has_value(value, value_length, "on") ||
					     has_value(value, value_length, "sm_on"))) {
			switches->intel_on = true;
		}
	}
	return true;
}

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
	struct switches switches = {0};
	bool intel = has_table(check, "DMAR"), amd = has_table(check, "IVRS");

	cmdline_for_each(check->cmdline, strlen(check->cmdline), look, &switches);
	if (switches.off) {
		advice_what(advices,
			"the IOMMU is switched off by %s on the kernel "
			"command line",
			switches.word);
		fix_word(check, false, switches.word);
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
