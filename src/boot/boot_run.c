/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_run.h"

#include "apply/apply.h"
#include "apply/hung_load.h"
#include "apply/kernel_effects.h"
#include "core/identity.h"
#include "core/plan.h"
#include "driver_presence.h"
#include "late.h"
#include "learn_needs.h"
#include "now.h"
#include "scan/config_files.h"
#include "scan/hardware_scan.h"
#include "scan/scan.h"
#include "seen.h"

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

/* What is found out and decided, in this order. */
struct work {
	struct machine machine;
	struct selection selection;
	struct plan plan;
};

static int perform(const struct work *work, struct watch *watch, struct journal *journal,
	struct report *report)
{
	struct kernel_effects kernel = {.watch = watch,
		.loader = {.context = &report->findings, .note = note_module}};
	struct effects effects = kernel_effects_table(&kernel);

	journal_keep(journal, &work->plan, report);
	apply_put_back(&work->selection, &work->plan, &effects, &report->findings);
	/* Two runs died: whatever killed them, do not tempt it a third time. */
	if (watch->crashes >= 2) {
		apply_give_back(&work->plan, &effects, &report->findings);
		return 0;
	}
	return apply_plan(&work->plan, &effects, &report->findings);
}

static void work_clear(struct work *work)
{
	plan_clear(&work->plan);
	selection_clear(&work->selection);
	machine_clear(&work->machine);
	*work = (struct work){0};
}

static int find_wanted(int root, const struct scan_observer *observer,
	const struct config *config, struct work *work, struct report *report)
{
	int r = scan_machine(root, observer, &work->machine);

	if (r < 0)
		return r;
	hardware_scan(root, observer, config_costly(config), &work->machine);
	report->seen = (unsigned)work->machine.count;
	return selection_make(
		config, &work->machine, &work->selection, &report->findings);
}

/*
 * The same for a late device and what appeared with it; what others have not decided
 * about by the time it is our turn. Returns how many functions there are, or -errno.
 */
static int find_late(const struct boot_options *options, int root,
	const struct scan_observer *observer, const struct config *config,
	struct work *work, struct report *report)
{
	for (bool locked = options->plan_only;; locked = true) {
		int r = find_wanted(root, observer, config, work, report);
		size_t left;

		if (r < 0)
			return r;
		left = late_narrow(&options->device, &work->machine, &work->selection,
			&report->findings);
		if (left == 0 || locked)
			return (int)left;
		work_clear(work);
		findings_clear(&report->findings);
		late_lock();
		if (seen_has(&options->device))
			return 0;
	}
}

/* Afterwards the same functions are not asked about again. */
static void note_decided(const struct boot_options *options, const struct work *work)
{
	if (options->late)
		late_done(&options->device, &work->selection);
	else if (options->now == NOW_NOT)
		(void)seen_add_all(&work->machine);
}

/* What earlier attempts of this run have left behind. */
static void look_back(struct watch *watch, const struct journal *journal,
	const struct selection *selection)
{
	struct kernel_effects kernel = {.watch = watch};
	const struct effects effects = kernel_effects_table(&kernel);

	if (!watch)
		return;
	watch_leave(watch);
	hung_load_ask(watch, &effects, selection);
	journal_recall(journal, selection);
}

static int decide_and_act(const struct boot_options *options, struct watch *watch,
	struct journal *journal, int root, const struct config *config,
	struct report *report)
{
	const struct scan_observer observer = {.context = watch, .enter = observe};
	struct work work = {0};
	int r;

	if (options->late)
		r = find_late(options, root, &observer, config, &work, report);
	else
		r = find_wanted(root, &observer, config, &work, report);
	if (r >= 0) {
		look_back(watch, journal, &work.selection);
		scan_wanted(root, &observer, &work.selection);
		if (options->now == NOW_RELEASE) {
			now_release(
				options, watch, root, &work.selection, &report->findings);
			work_clear(&work);
			return 0;
		}
		r = learn_needs(root, watch, options->late, &work.selection,
			&work.machine, &report->findings);
	}
	if (r == 0 && options->now == NOW_BIND)
		now_learn_session(options, root, &work.machine);
	if (r == 0) {
		if (watch)
			watch_leave(watch);
		if (strcmp(options->sysroot, "/") == 0)
			driver_presence_find(&work.selection);
		if (!options->late)
			identity_note(&work.selection, &report->findings);
		r = plan_make(
			&work.machine, &work.selection, &work.plan, &report->findings);
	}
	if (r == 0 && options->late)
		late_drop_repeats(&report->findings);
	if (r == 0 && (config->mode == RUN_DRY || !watch)) {
		plan_describe(&work.plan, &report->findings);
	} else if (r == 0) {
		r = perform(&work, watch, journal, report);
		note_decided(options, &work);
	}
	work_clear(&work);
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

static void note_incomplete(struct findings *findings)
{
	note(findings, SEVERITY_ERROR,
		"the config could not be read whole, so nothing is touched: what is "
		"missing might protect a device");
}

static void note_nothing_to_do(const struct config *config, struct findings *findings)
{
	note(findings, SEVERITY_NOTICE,
		config->mode == RUN_OFF
			? "switched off on the kernel command line: nothing is touched"
			: "no rules in /etc/vfio-early.conf or on the kernel command "
			  "line: nothing to do");
}

static void run_with_config(const struct boot_options *options, struct watch *watch,
	struct journal *journal, int root, struct config *config, struct report *report)
{
	bool nothing;
	int r = config_files_read(config, root);

	if (r == 0)
		r = config_cmdline_read(config, root);
	if (r == 0 && options->now != NOW_NOT)
		r = now_rules(options, config);
	nothing = config->mode == RUN_OFF ||
		  (config->rule_count == 0 && !config->incomplete);
	report->mode = config->mode;
	if (options->plan_only && config->mode == RUN_NORMAL)
		report->mode = RUN_DRY;
	if (options->late && nothing)
		return;
	add_problems(config, &report->findings);
	add_debug(config, &report->findings);
	if (r == 0 && nothing)
		note_nothing_to_do(config, &report->findings);
	else if (r == 0 && config->incomplete)
		note_incomplete(&report->findings);
	else if (r == 0)
		r = decide_and_act(options, watch, journal, root, config, report);
	if (r < 0)
		add_run_error(&report->findings, r);
}

void boot_run(const struct boot_options *options, struct watch *watch,
	struct journal *journal, struct report *report)
{
	uint64_t started = now_ms();
	struct config config = {0};
	int root;

	snprintf(report->version, sizeof(report->version), "%s", VFIO_EARLY_VERSION);
	if (options->late && !options->plan_only && seen_has(&options->device))
		return;
	root = open(options->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		add_run_error(&report->findings, -errno);
	} else {
		if (options->before_udev)
			note_if_late(root, &report->findings);
		run_with_config(options, watch, journal, root, &config, report);
		close(root);
	}
	note_hung_calls(watch, &report->findings, report);
	if (report->findings.incomplete)
		note(&report->findings, SEVERITY_ERROR,
			"out of memory: some lines of this report are missing");
	config_clear(&config);
	report->elapsed_ms = (unsigned)(now_ms() - started);
}
