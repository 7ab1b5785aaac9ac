/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check_parts.h"

#include "scan/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC "kernel"

static void lacks(struct check *check, const char *version, const char *module)
{
	bool only = check->kernels.count == 1 || strcmp(version, check->running) == 0;

	advice_add(&check->advices,
		check_has_rules(check) && only ? ADVICE_ERROR : ADVICE_WARNING, TOPIC,
		version);
	advice_what(
		&check->advices, "has no %s, neither as a module nor built in", module);
	advice_why(&check->advices, "with this kernel no device is bound to it");
	advice_fix(&check->advices,
		"boot another kernel, or install the package that has the rest of this "
		"one's modules (as linux-modules-extra-%s)",
		version);
}

/* The drivers that the plan asks for, vfio-pci among them in any case. */
int check_drivers(const struct check *check, struct module_names *names)
{
	const struct config *config = &check->survey->config;
	int r = module_names_add(names, DRIVER_DEFAULT);

	for (size_t i = 0; r == 0 && i < config->rule_count; i++)
		if (config->rules[i].action == RULE_TAKE)
			r = module_names_add(names, config->rules[i].driver);
	return r == -E2BIG ? 0 : r;
}

void check_kernels(struct check *check)
{
	struct module_names names = {.count = 0};
	unsigned lacking = 0;

	if (check_drivers(check, &names) < 0)
		check->advices.incomplete = true;
	for (size_t i = 0; i < check->kernels.count; i++) {
		const char *version = check->kernels.versions[i];

		for (size_t j = 0; j < names.count; j++) {
			if (kernel_has_module(check->root, version, names.names[j]))
				continue;
			lacks(check, version, names.names[j]);
			lacking++;
		}
	}
	if (lacking == 0 && check->kernels.count > 0) {
		cleanup_free char *words = kernels_words(&check->kernels);

		advice_add(&check->advices, ADVICE_OK, TOPIC, words ? words : "");
		advice_what(&check->advices, "vfio-pci is there");
	} else if (check->kernels.count == 0) {
		advice_add(&check->advices, ADVICE_NOTE, TOPIC, "");
		advice_what(&check->advices,
			"there are no kernel modules in /lib/modules, so it is not known "
			"whether the kernel has vfio-pci");
	}
	module_names_clear(&names);
}
