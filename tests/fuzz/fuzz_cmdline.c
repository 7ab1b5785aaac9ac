/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "core/cmdline.h"
#include "core/iommu_switches.h"

/* What a parameter says does not depend on '-' and '_' in its name. */
static void check_value(
	const char *bytes, size_t size, const char *name, const char *other)
{
	size_t length = SIZE_MAX, other_length = SIZE_MAX;
	const char *value = cmdline_value(bytes, size, name, &length);

	CHECK(value == cmdline_value(bytes, size, other, &other_length));
	CHECK(length == other_length);
	if (value)
		CHECK(value >= bytes && length <= size && value + length <= bytes + size);
}

/* Only a word that says so switches it off, and what there is to do names it. */
static void check_iommu(const char *bytes, size_t size)
{
	struct iommu_switches switches;
	char fix[IOMMU_FIX_MAX];

	iommu_switches_read(bytes, size, &switches);
	iommu_fix(&switches, fix);
	CHECK(!switches.off[0] || strstr(switches.off, "iommu="));
	CHECK(strncmp(fix, switches.off, strlen(switches.off)) == 0);
	CHECK(strlen(fix) < sizeof(fix) - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct config config = {0};

	CHECK(cmdline_parse(&config, bytes, size) == 0);
	check_config(&config);
	check_value(bytes, size, "root", "root");
	check_value(bytes, size, "vfio_early.take", "vfio-early.take");
	check_iommu(bytes, size);
	config_clear(&config);
	return 0;
}
