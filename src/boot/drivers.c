/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers.h"

#include "scan/config_files.h"

#include <errno.h>
#include <string.h>

static bool named_before(const struct config *config, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (config->rules[i].action == RULE_TAKE &&
			strcmp(config->rules[i].driver, config->rules[index].driver) == 0)
			return true;
	return false;
}

int drivers_print(const char *sysroot, FILE *out)
{
	struct config config = {0};
	int r = config_files_read_below(sysroot, &config);

	for (size_t i = 0; r == 0 && i < config.rule_count; i++)
		if (config.rules[i].action == RULE_TAKE && !named_before(&config, i) &&
			fprintf(out, "%s\n", config.rules[i].driver) < 0)
			r = -EIO;
	config_clear(&config);
	return r;
}
