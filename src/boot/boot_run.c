/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_run.h"

#include "apply/apply.h"
#include "apply/kernel_effects.h"
#include "core/identity.h"
#include "core/plan.h"
#include "scan/config_files.h"
#include "scan/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RULE_TEXT_MAX 512

static void note(struct findings *findings, enum severity severity, const char *text)
{
	finding_add(findings, severity, VERDICT_NOTE, GUARD_NONE, NULL, NULL, "%s", text);
}

static void note_module(void *context, const char *text)
{
	note(context, SEVERITY_NOTICE, text);
}

static bool observe(void *context, enum scan_part part, const struct pci_address *address)
{
	struct watch *watch = context;

	if (!watch)
		return true;
	watch_leave(watch);
	return watch_enter(
		watch, part == SCAN_WITH_LOCK ? CALL_READ : CALL_SCAN, address, NULL);
}

static void add_problems(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; i < config->problem_count && i < CONFIG_PROBLEMS_MAX; i++)
		finding_add_problem(findings, &config->problems[i]);
	if (config->problem_count > CONFIG_PROBLEMS_MAX)
		finding_add(findings, SEVERITY_ERROR, VERDICT_PROBLEM, GUARD_NONE, NULL,
			NULL, "%zu more problems of the config are not shown",
			config->problem_count - CONFIG_PROBLEMS_MAX);
}

static void add_debug(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; config->debug && i < config->rule_count; i++) {
		char text[RULE_TEXT_MAX];

		rule_format(&config->rules[i], text, sizeof(text));
		finding_add(findings, SEVERITY_DEBUG, VERDICT_NOTE, GUARD_NONE, NULL,
			&config->rules[i], "rule: %s", text);
	}
}

static void note_hung_calls(
	const struct watch *watch, struct findings *findings, struct report *report)
{
	for (unsigned i = 0; watch && i < watch->hung_count; i++) {
		char words[WATCH_WORDS_MAX];

		call_words(&watch->hung[i], words);
		finding_add(findings, SEVERITY_ERROR, VERDICT_NOTE, GUARD_NONE, NULL,
			NULL, "%s did not return; going on without it", words);
	}
	if (watch)
		report->hung = watch->hung_count;
}

/* Without systemd, whose socket unit makes it early, udevd makes its socket itself. */
static void note_if_late(int root, struct findings *findings)
{
	if (faccessat(root, "run/udev/control", F_OK, 0) == 0)
		note(findings, SEVERITY_WARNING,
			"udev was running before this hook, which came too late: other "
			"drivers may hold listed devices by now; let it run before "
			"udev's (by its name, or by its place in HOOKS)");
}

static int perform(
	const struct plan *plan, struct watch *watch, struct findings *findings)
{
	struct kernel_effects kernel = {
		.watch = watch, .loader = {.context = findings, .note = note_module}};
	struct effects effects = kernel_effects_table(&kernel);

	/* Two runs died: whatever killed them, do not tempt it a third time. */
	if (watch->crashes >= 2) {
		apply_give_back(plan, &effects, findings);
		return 0;
	}
	return apply_plan(plan, &effects, findings);
}

static int decide_and_act(const struct boot_options *options, struct watch *watch,
	int root, const struct config *config, struct report *report)
{
	const struct scan_observer observer = {.context = watch, .enter = observe};
	struct machine machine = {0};
	struct selection selection = {0};
	struct plan plan = {0};
	int r;

	r = scan_machine(root, &observer, &machine);
	if (r == 0) {
		report->seen = (unsigned)machine.count;
		r = selection_make(config, &machine, &selection, &report->findings);
	}
	if (r == 0) {
		scan_wanted(root, &observer, &selection);
		if (watch)
			watch_leave(watch);
		identity_note(&selection, &report->findings);
		r = plan_make(&machine, &selection, &plan, &report->findings);
	}
	if (r == 0 && (config->mode == RUN_DRY || options->plan_only))
		plan_describe(&plan, &report->findings);
	else if (r == 0)
		r = perform(&plan, watch, &report->findings);
	plan_clear(&plan);
	selection_clear(&selection);
	machine_clear(&machine);
	return r;
}

/* The words for what stops a whole run. */
static void add_run_error(struct findings *findings, int error)
{
	const char *words = strerror(-error);

	if (error == -ENOENT)
		words = "there is no /sys/bus/pci/devices: is /sys mounted?";
	else if (error == -E2BIG)
		words = "this machine has more PCI functions than the program can hold";
	finding_add(findings, SEVERITY_ERROR, VERDICT_PROBLEM, GUARD_NONE, NULL, NULL,
		"nothing was taken: %s", words);
}

static void run_with_config(const struct boot_options *options, struct watch *watch,
	int root, struct config *config, struct report *report)
{
	int r = config_files_read(config, root);

	if (r == 0)
		r = config_cmdline_read(config, root);
	report->mode = config->mode;
	if (options->plan_only && config->mode == RUN_NORMAL)
		report->mode = RUN_DRY;
	add_problems(config, &report->findings);
	add_debug(config, &report->findings);
	if (r < 0) {
		add_run_error(&report->findings, r);
	} else if (config->mode == RUN_OFF) {
		note(&report->findings, SEVERITY_NOTICE,
			"switched off on the kernel command line: nothing is touched");
	} else if (config->incomplete) {
		note(&report->findings, SEVERITY_ERROR,
			"the config could not be read whole, so nothing is touched: what "
			"is "
			"missing might protect a device");
	} else if (config->rule_count == 0) {
		note(&report->findings, SEVERITY_NOTICE,
			"no rules in /etc/vfio-early.conf or on the kernel command line: "
			"nothing "
			"to do");
	} else {
		r = decide_and_act(options, watch, root, config, report);
		if (r < 0)
			add_run_error(&report->findings, r);
	}
}

void boot_run(
	const struct boot_options *options, struct watch *watch, struct report *report)
{
	uint64_t started = now_ms();
	struct config config = {0};
	int root = open(options->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(report->version, sizeof(report->version), "%s", VFIO_EARLY_VERSION);
	note_hung_calls(watch, &report->findings, report);
	if (root < 0) {
		add_run_error(&report->findings, -errno);
	} else {
		if (options->before_udev)
			note_if_late(root, &report->findings);
		run_with_config(options, watch, root, &config, report);
		close(root);
	}
	if (report->findings.incomplete)
		note(&report->findings, SEVERITY_ERROR,
			"out of memory: some lines of this report are missing");
	config_clear(&config);
	report->elapsed_ms = (unsigned)(now_ms() - started);
}
