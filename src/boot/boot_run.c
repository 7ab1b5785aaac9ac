/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_run.h"

#include "apply/apply.h"
#include "apply/confine.h"
#include "apply/hung_load.h"
#include "apply/kernel_effects.h"
#include "apply/module_load.h"
#include "late.h"
#include "now.h"
#include "scan/config_files.h"
#include "scan/decide.h"
#include "scan/driver_presence.h"
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

/* What a run is at work on, for the hooks of decide(). */
struct run {
	const struct boot_options *options;
	struct watch *watch;
	const struct journal *journal;
	struct findings *findings;
	struct seen *seen;
	struct module_loader loader;
	int root;
	bool locked;
	bool confined;
};

/* Before anything is read that somebody else may have written. */
static bool observe_block(void *context, const char *name)
{
	struct run *run = context;
	struct watch *watch = run->watch;

	if (!run->confined)
		confine();
	run->confined = true;
	if (!watch)
		return true;
	watch_leave(watch);
	return watch_enter(watch, CALL_BLOCK, NULL, name);
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

static int perform(const struct decision *decision, struct watch *watch,
	struct journal *journal, struct module_loader *loader, struct report *report)
{
	struct kernel_effects kernel = {.watch = watch, .loader = loader};
	struct effects effects = kernel_effects_table(&kernel);

	journal_keep(journal, &decision->plan, report);
	apply_put_back(
		&decision->selection, &decision->plan, &effects, &report->findings);
	/* Two runs died: whatever killed them, do not tempt it a third time. */
	if (watch->crashes >= 2) {
		apply_give_back(&decision->plan, &effects, &report->findings);
		return 0;
	}
	return apply_plan(&decision->plan, &effects, &report->findings);
}

/* Reads what was decided before this run; whether its own function was. */
static bool was_seen(const struct boot_options *options, struct seen *seen)
{
	const struct pci_address *address = &options->device;

	return seen_read(SEEN_FOLDER, seen) == 0 &&
	       seen_has(seen, address, seen_node(address));
}

/*
 * Of a late device and what appeared with it, others may have decided by the time that it
 * is our turn. What is left is looked at again behind the lock.
 */
static bool narrow(struct run *run, struct decision *decision)
{
	const struct boot_options *options = run->options;
	size_t left = late_narrow(&options->device, run->seen, &decision->machine,
		&decision->selection, run->findings);

	if (left == 0 || run->locked || options->plan_only)
		return false;
	findings_clear(run->findings);
	run->locked = true;
	if (run->watch)
		watch_leave(run->watch);
	/* An attempt that was left behind cannot let go of it. */
	late_lock(!run->watch || run->watch->attempt <= 1);
	seen_clear(run->seen);
	if (!was_seen(options, run->seen))
		return true;
	selection_clear(&decision->selection);
	return false;
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

static bool found(void *context, struct decision *decision)
{
	struct run *run = context;

	if (run->options->late && narrow(run, decision))
		return true;
	look_back(run->watch, run->journal, &decision->selection);
	return false;
}

/* What is given back needs no plan. */
static bool looked(void *context, struct decision *decision)
{
	struct run *run = context;

	if (run->options->now != NOW_RELEASE)
		return false;
	now_release(
		run->options, run->watch, run->root, &decision->selection, run->findings);
	return true;
}

static bool has_module(void *context, const char *name)
{
	return module_known(context, name);
}

static void learnt(void *context, struct decision *decision)
{
	struct run *run = context;
	const struct module_lookup modules = {.context = &run->loader, .has = has_module};

	if (run->options->now == NOW_BIND)
		now_learn_session(run->options, run->root, &decision->machine);
	if (run->watch)
		watch_leave(run->watch);
	if (strcmp(run->options->sysroot, "/") == 0)
		driver_presence_find(run->root, &decision->selection, &modules);
}

/* Afterwards the same functions are not asked about again. */
static void note_decided(
	const struct boot_options *options, const struct decision *decision)
{
	if (options->late)
		late_done(&options->device, &decision->selection);
	else if (options->now == NOW_NOT)
		(void)seen_write(SEEN_FOLDER, &decision->machine);
}

static int decide_and_act(const struct boot_options *options, struct watch *watch,
	struct journal *journal, int root, const struct config *config, struct seen *seen,
	struct report *report)
{
	const struct scan_observer scan = {.context = watch, .enter = observe};
	struct run run = {.options = options,
		.watch = watch,
		.journal = journal,
		.findings = &report->findings,
		.seen = seen,
		.loader = {.context = &report->findings, .note = note_module},
		.root = root};
	const struct block_observer block = {.context = &run, .enter = observe_block};
	const struct decide how = {
		.root = root,
		.scan = &scan,
		.block = &block,
		.late = options->late,
		.context = &run,
		.found = found,
		.looked = looked,
		.learnt = learnt,
	};
	struct decision decision = {0};
	int r = decide(&how, config, &decision, &report->findings);

	report->seen = (unsigned)decision.machine.count;
	if (options->now == NOW_RELEASE) {
		decision_clear(&decision);
		return r;
	}
	if (r == 0 && options->late)
		late_drop_repeats(seen, &decision.machine, &report->findings);
	if (r == 0 && report->mode == RUN_DRY) {
		plan_describe(&decision.plan, &report->findings);
	} else if (r == 0) {
		r = perform(&decision, watch, journal, &run.loader, report);
		note_decided(options, &decision);
	}
	module_loader_close(&run.loader);
	decision_clear(&decision);
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

int boot_read(const struct boot_options *options, struct config *ret_config)
{
	int root = open(options->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct config config = {0};
	int r;

	if (root < 0)
		return -errno;
	r = config_files_read(&config, root);
	if (r == 0)
		r = config_cmdline_read(&config, root);
	if (r == 0 && options->now != NOW_NOT)
		r = now_rules(options, &config);
	close(root);
	if (r < 0) {
		config_clear(&config);
		return r;
	}
	*ret_config = config;
	return 0;
}

bool boot_is_nothing(const struct config *config)
{
	return config->mode == RUN_OFF ||
	       (config->rule_count == 0 && !config->incomplete);
}

bool boot_was_decided(const struct boot_options *options)
{
	struct seen seen = {0};
	bool decided = options->late && !options->plan_only && was_seen(options, &seen);

	seen_clear(&seen);
	return decided;
}

static int run_with_config(const struct boot_options *options, struct watch *watch,
	struct journal *journal, int root, const struct config *config, struct seen *seen,
	struct report *report)
{
	bool nothing = boot_is_nothing(config);

	report->mode = config->mode;
	if (options->plan_only && config->mode == RUN_NORMAL)
		report->mode = RUN_DRY;
	if (options->late && nothing)
		return 0;
	decide_problems(config, &report->findings);
	add_debug(config, &report->findings);
	if (nothing)
		note_nothing_to_do(config, &report->findings);
	else if (config->incomplete)
		note_incomplete(&report->findings);
	else
		return decide_and_act(
			options, watch, journal, root, config, seen, report);
	return 0;
}

/* Returns what stops the whole run, 0 or -errno. */
static int run(const struct boot_options *options, const struct config *given,
	struct watch *watch, struct journal *journal, struct seen *seen,
	struct report *report)
{
	struct config config = {0};
	int root = open(options->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (root < 0)
		return -errno;
	if (options->before_udev)
		note_if_late(root, &report->findings);
	if (!given)
		r = boot_read(options, &config);
	if (r == 0)
		r = run_with_config(options, watch, journal, root,
			given ? given : &config, seen, report);
	config_clear(&config);
	close(root);
	return r;
}

void boot_run(const struct boot_options *options, const struct config *config,
	struct watch *watch, struct journal *journal, struct report *report)
{
	uint64_t started = now_ms();
	struct seen seen = {0};
	int r;

	snprintf(report->version, sizeof(report->version), "%s", VFIO_EARLY_VERSION);
	if (options->late && was_seen(options, &seen) && !options->plan_only) {
		seen_clear(&seen);
		return;
	}
	r = run(options, config, watch, journal, &seen, report);
	if (r < 0)
		add_run_error(&report->findings, r);
	note_hung_calls(watch, &report->findings, report);
	if (report->findings.incomplete)
		note(&report->findings, SEVERITY_ERROR,
			"out of memory: some lines of this report are missing");
	seen_clear(&seen);
	report->elapsed_ms = (unsigned)(now_ms() - started);
}
