/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = {0};

	CHECK(config_add_file(&config, "fuzz.conf", (const char *)data, size) == 0);
	for (size_t i = 0; i < config.problem_count && i < CONFIG_PROBLEMS_MAX; i++)
		CHECK(config.problems[i].column <= CONFIG_LINE_BYTES_MAX + 1);
	CHECK(config.rule_count <= CONFIG_RULES_MAX);
	check_config(&config);
	config_clear(&config);
	return 0;
}
