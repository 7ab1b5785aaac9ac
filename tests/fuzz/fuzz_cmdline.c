/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "core/cmdline.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct config config = {0};

	CHECK(cmdline_parse(&config, bytes, size) == 0);
	check_config(&config);
	check_value(bytes, size, "root", "root");
	check_value(bytes, size, "vfio_early.take", "vfio-early.take");
	config_clear(&config);
	return 0;
}
