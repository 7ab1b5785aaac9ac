/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "survey.h"

#include "core/identity.h"
#include "scan/config_files.h"
#include "scan/host_needs.h"
#include "scan/host_session.h"
#include "scan/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_problems(struct survey *survey)
{
	const struct config *config = &survey->config;

	for (size_t i = 0; i < config->problem_count && i < CONFIG_PROBLEMS_MAX; i++)
		finding_add_problem(&survey->findings, &config->problems[i]);
}

/* The hook runs before modules are loaded, and an override does not outlive a boot. */
static void forget_modules(struct survey *survey)
{
	for (size_t i = 0; i < survey->selection.count; i++) {
		struct pci_function *function = survey->selection.items[i].function;

		function->override[0] = '\0';
		if (!function->driver_built_in)
			function->driver[0] = '\0';
	}
}

/* What holds for a boot run that takes nothing. */
static bool takes_nothing(const struct config *config)
{
	return config->mode == RUN_OFF || config->incomplete;
}

static int decide(int root, enum survey_when when, struct survey *survey)
{
	int r;

	if (takes_nothing(&survey->config))
		return 0;
	r = selection_make(
		&survey->config, &survey->machine, &survey->selection, &survey->findings);
	if (r < 0)
		return r;
	scan_wanted(root, NULL, &survey->selection);
	if (when == SURVEY_NEXT_BOOT)
		forget_modules(survey);
	identity_note(&survey->selection, &survey->findings);
	r = plan_make(
		&survey->machine, &survey->selection, &survey->plan, &survey->findings);
	if (r == 0)
		plan_describe(&survey->plan, &survey->findings);
	return r;
}

/* The drivers that hold now, which a plan for the next boot passes over. */
static char *keep_drivers(const struct machine *machine)
{
	char *drivers = calloc(machine->count + 1, DRIVER_NAME_MAX);

	for (size_t i = 0; drivers && i < machine->count; i++)
		memcpy(drivers + i * DRIVER_NAME_MAX, machine->functions[i].driver,
			DRIVER_NAME_MAX);
	return drivers;
}

static int read_all(int root, const struct survey_wish *wish, struct survey *survey)
{
	struct boot_source source;
	char *drivers;
	int r = config_files_read_as(
		&survey->config, root, wish->config, wish->config_length);

	if (r == 0 && !wish->files_only)
		r = config_cmdline_read(&survey->config, root);
	if (r == 0)
		r = scan_machine(root, NULL, &survey->machine);
	if (r == 0)
		r = host_needs_read(
			root, &survey->machine, NULL, &source, &survey->machine.needs);
	if (r < 0)
		return r;
	if (wish->session)
		host_session_read(root, (unsigned)getpid(), &survey->machine,
			&survey->machine.needs);
	add_problems(survey);
	drivers = keep_drivers(&survey->machine);
	if (!drivers)
		return -ENOMEM;
	r = decide(root, wish->when, survey);
	for (size_t i = 0; i < survey->machine.count; i++)
		memcpy(survey->machine.functions[i].driver, drivers + i * DRIVER_NAME_MAX,
			DRIVER_NAME_MAX);
	free(drivers);
	return r == 0 && survey->findings.incomplete ? -ENOMEM : r;
}

int survey_make(int root, enum survey_when when, struct survey *ret_survey)
{
	const struct survey_wish wish = {.when = when};

	return survey_make_for(root, &wish, ret_survey);
}

int survey_make_for(int root, const struct survey_wish *wish, struct survey *ret_survey)
{
	struct survey survey = {0};
	int r = read_all(root, wish, &survey);

	if (r < 0) {
		survey_clear(&survey);
		return r;
	}
	*ret_survey = survey;
	return 0;
}

void survey_clear(struct survey *survey)
{
	plan_clear(&survey->plan);
	selection_clear(&survey->selection);
	findings_clear(&survey->findings);
	machine_clear(&survey->machine);
	config_clear(&survey->config);
}

const struct finding *survey_verdict(
	const struct survey *survey, const struct pci_function *function)
{
	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct finding *finding = &survey->findings.items[i];

		if (finding->has_function && finding->verdict != VERDICT_NOTE &&
			pci_address_compare(&finding->address, &function->address) == 0)
			return finding;
	}
	return NULL;
}
