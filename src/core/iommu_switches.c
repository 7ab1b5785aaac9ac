/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iommu_switches.h"

#include "cmdline.h"

#include <stdio.h>
#include <string.h>

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
	struct iommu_switches *switches = context;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!cmdline_name_is(name, name_length, names[i]))
			continue;
		if (has_value(value, value_length, "off"))
			snprintf(switches->off, sizeof(switches->off), "%s=%.*s",
				names[i], (int)value_length, value);
		else if (i == 0 && (has_value(value, value_length, "on") ||
					   has_value(value, value_length, "sm_on")))
			switches->intel_on = true;
	}
	return true;
}

void iommu_switches_read(
	const char *cmdline, size_t length, struct iommu_switches *ret_switches)
{
	struct iommu_switches switches = {0};

	cmdline_for_each(cmdline, length, look, &switches);
	*ret_switches = switches;
}

void iommu_fix(const struct iommu_switches *switches, char out[IOMMU_FIX_MAX])
{
	if (switches->off[0])
		snprintf(out, IOMMU_FIX_MAX,
			"%s on the kernel command line switches it off: take that out",
			switches->off);
	else
		snprintf(out, IOMMU_FIX_MAX,
			"switch it on in the firmware (VT-d, AMD-Vi)%s",
			switches->intel_on ? ""
					   : " and, for Intel, with intel_iommu=on on "
					     "the kernel command line");
}
