/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "survey.h"

#include "kernel_modules.h"
#include "kernels.h"
#include "scan/config_files.h"
#include "scan/decide.h"
#include "scan/driver_presence.h"
#include "scan/host_session.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For the hooks of decide(). */
struct foresight {
	int root;
	const struct survey_wish *wish;
	char *drivers; /* DRIVER_NAME_MAX for each function; NULL without memory */
};

/* The drivers that hold now, which a plan for the next boot passes over. */
static char *keep_drivers(const struct machine *machine)
{
	char *drivers = calloc(machine->count + 1, DRIVER_NAME_MAX);

	for (size_t i = 0; drivers && i < machine->count; i++)
		memcpy(drivers + i * DRIVER_NAME_MAX, machine->functions[i].driver,
			DRIVER_NAME_MAX);
	return drivers;
}

static void restore_drivers(struct machine *machine, const char *drivers)
{
	for (size_t i = 0; i < machine->count; i++)
		memcpy(machine->functions[i].driver, drivers + i * DRIVER_NAME_MAX,
			DRIVER_NAME_MAX);
}

/* The kernel that runs, below a root. */
struct running {
	int root;
	char version[NAME_MAX];
};

static bool running_has(void *context, const char *name)
{
	const struct running *running = context;

	return kernel_has_module(running->root, running->version, name);
}

/*
 * What the boot finds out by itself, and refuses: that the running kernel, which is
 * likely the next one, has no driver of the name that a rule asks for. Where its modules
 * are not here, as in a capture, nothing is known. Returns 0 or -ENOMEM.
 */
static int find_missing_drivers(int root, const struct selection *selection)
{
	struct running running = {.root = root};
	const struct module_lookup modules = {.context = &running, .has = running_has};
	struct kernels kernels = {0};
	int r = kernels_find_below(root, &kernels);

	if (r == -ENOMEM)
		return r;
	if (sysfs_read_text(root, "proc/sys/kernel/osrelease", running.version,
		    sizeof(running.version)) >= 0 &&
		kernels_get(&kernels, running.version))
		driver_presence_find(root, selection, &modules);
	kernels_clear(&kernels);
	return 0;
}

/* The hook runs before modules are loaded, and an override does not outlive a boot. */
static void learnt(void *context, struct decision *decision)
{
	struct foresight *foresight = context;
	const struct selection *selection = &decision->selection;

	if (foresight->wish->session)
		host_session_read(foresight->root, (unsigned)getpid(), &decision->machine,
			&decision->machine.needs);
	foresight->drivers = keep_drivers(&decision->machine);
	if (find_missing_drivers(foresight->root, selection) < 0) {
		free(foresight->drivers);
		foresight->drivers = NULL;
	}
	for (size_t i = 0; i < selection->count; i++) {
		struct pci_function *function = selection->items[i].function;

		if (!function->driver_built_in)
			function->driver[0] = '\0';
	}
}

bool survey_takes_nothing(const struct survey *survey)
{
	return survey->config.mode == RUN_OFF || survey->config.incomplete;
}

static int read_all(int root, const struct survey_wish *wish, struct survey *survey)
{
	static const struct config none = {0};
	struct foresight foresight = {.root = root, .wish = wish};
	struct decide how = {.root = root,
		.everything = true,
		.next_boot = true,
		.context = &foresight,
		.learnt = learnt};
	struct decision decision = {0};
	int r = config_files_read_as(
		&survey->config, root, wish->config, wish->config_length);

	if (r == 0 && !wish->files_only)
		r = config_cmdline_read(&survey->config, root);
	if (r < 0)
		return r;
	decide_problems(&survey->config, &survey->findings);
	r = decide(&how, survey_takes_nothing(survey) ? &none : &survey->config,
		&decision, &survey->findings);
	survey->machine = decision.machine;
	survey->selection = decision.selection;
	survey->plan = decision.plan;
	if (r == 0)
		plan_describe(&survey->plan, &survey->findings);
	if (r == 0 && (!foresight.drivers || survey->findings.incomplete))
		r = -ENOMEM;
	if (r == 0)
		restore_drivers(&survey->machine, foresight.drivers);
	free(foresight.drivers);
	return r;
}

int survey_make(int root, struct survey *ret_survey)
{
	const struct survey_wish wish = {0};

	return survey_make_for(root, &wish, ret_survey);
}

/* The first finding about each, findings being in the order of what was decided. */
static int index_verdicts(struct survey *survey)
{
	survey->verdicts = calloc(survey->machine.count + 1, sizeof(*survey->verdicts));
	if (!survey->verdicts)
		return -ENOMEM;
	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct finding *finding = &survey->findings.items[i];
		const struct pci_function *function =
			finding->has_function && finding->verdict != VERDICT_NOTE
				? machine_find(&survey->machine, &finding->address)
				: NULL;
		const struct finding **verdict =
			function ? &survey->verdicts[function - survey->machine.functions]
				 : NULL;

		if (verdict && !*verdict)
			*verdict = finding;
	}
	return 0;
}

int survey_make_for(int root, const struct survey_wish *wish, struct survey *ret_survey)
{
	struct survey survey = {0};
	int r = read_all(root, wish, &survey);

	if (r == 0)
		r = index_verdicts(&survey);
	if (r < 0) {
		survey_clear(&survey);
		return r;
	}
	*ret_survey = survey;
	ret_survey->plan.framebuffer = &ret_survey->machine.framebuffer;
	return 0;
}

void survey_clear(struct survey *survey)
{
	plan_clear(&survey->plan);
	selection_clear(&survey->selection);
	findings_clear(&survey->findings);
	free(survey->verdicts);
	machine_clear(&survey->machine);
	config_clear(&survey->config);
}

const struct finding *survey_verdict(
	const struct survey *survey, const struct pci_function *function)
{
	const struct pci_function *own =
		machine_find(&survey->machine, &function->address);

	return own ? survey->verdicts[own - survey->machine.functions] : NULL;
}
