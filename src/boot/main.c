/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-early-boot: without arguments, the boot run; with --device=, the run for a device
 * that appears later. Ends with 0 whatever happened, writes to /dev/kmsg and
 * /run/vfio-early only, and returns before its deadline.
 */
#include "apply/journal.h"
#include "apply/kernel_effects.h"
#include "apply/watch.h"
#include "arguments.h"
#include "boot_run.h"
#include "drivers.h"
#include "facts_run.h"
#include "kmsg.h"
#include "now.h"
#include "problems.h"
#include "report_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run: what was asked for, and what its parent and its children share. */
struct run {
	struct arguments asked;
	/* Where it was read before there is a child. */
	const struct config *config;
	struct journal *journal;
	/* Where the child leaves what is to be printed: it holds no descriptor. */
	struct now_text *text;
};

/* TEXT is NULL for the kernel's log. */
static void log_line(enum severity severity, const char *line, struct now_text *text)
{
	if (!text) {
		kmsg_write(severity, line);
		return;
	}
	now_text_add(text, "vfio-early: ");
	now_text_add(text, line);
	now_text_add(text, "\n");
}

/* Of a late device, or now, nothing is said where there is nothing to say. */
static void log_report(const struct report *report, bool summary, struct now_text *text)
{
	char line[REPORT_LINE_MAX];

	for (size_t i = 0; i < report->findings.count; i++) {
		report_line(&report->findings.items[i], line);
		log_line(report->findings.items[i].severity, line, text);
	}
	if (!summary)
		return;
	report_summary(report, line);
	log_line(SEVERITY_INFO, line, text);
}

static int keep_report(const struct report *report, bool late)
{
	if (!late)
		return report_file_write(report);
	return report->findings.count > 0 ? report_file_append(report) : 0;
}

/* What a run has to say, where that belongs. */
static void tell(const struct run *run, struct report *report)
{
	const struct boot_options *boot = &run->asked.boot;
	const bool summary = !boot->late && boot->now == NOW_NOT;
	int r = boot->plan_only || boot->now != NOW_NOT ? 0
							: keep_report(report, boot->late);

	if (r < 0)
		finding_add(&report->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			NULL, NULL,
			"the report could not be written to /run/vfio-early: %s",
			strerror(-r));
	if (!boot->plan_only)
		log_report(report, summary, NULL);
	if (run->text)
		now_text_begin(run->text);
	if (boot->now != NOW_NOT)
		now_text_add_report(run->text, report);
	else if (boot->plan_only)
		log_report(report, summary, run->text);
}

/* What the child does. May run several times: see watch.h. */
static void boot_job(void *context, struct watch *watch)
{
	const struct run *run = context;
	struct report report = {0};

	boot_run(&run->asked.boot, run->config, watch, run->journal, &report);
	tell(run, &report);
	report_clear(&report);
}

/* What stopped a run, in words, with what there is to do about it. */
static void end_words(enum watch_end end, const struct watch *watch,
	const struct run *run, char out[FINDING_TEXT_MAX])
{
	const char *goes_on = run->text ? "" : ", the boot goes on";
	char words[WATCH_WORDS_MAX] = "no kernel call";

	if (watch && watch->hung_count > 0)
		call_words(&watch->hung[watch->hung_count - 1], words);
	switch (end) {
	case WATCH_DONE:
		out[0] = '\0';
		break;
	case WATCH_DEADLINE:
		snprintf(out, FINDING_TEXT_MAX, "not done after %u s%s: still in %s",
			run->asked.deadline_seconds, goes_on, words);
		break;
	case WATCH_CRASHED:
		snprintf(out, FINDING_TEXT_MAX,
			"died %u times and gave up%s; please report this",
			watch ? watch->crashes : 0, goes_on);
		break;
	case WATCH_NO_CHILD:
		snprintf(out, FINDING_TEXT_MAX,
			"no process could be started, nothing was touched");
		break;
	}
}

/* The child could not say it: log and report of a run that did not come to its end. */
static void log_end(enum watch_end end, const struct watch *watch, const struct run *run,
	uint64_t started)
{
	struct kernel_effects kernel = {0};
	const struct effects effects = kernel_effects_table(&kernel);
	char words[FINDING_TEXT_MAX];
	struct report report;

	if (end == WATCH_DONE)
		return;
	journal_report(run->journal, watch, &effects, &report);
	snprintf(report.version, sizeof(report.version), "%s", VFIO_EARLY_VERSION);
	end_words(end, watch, run, words);
	finding_add(&report.findings, SEVERITY_ERROR, VERDICT_NOTE, GUARD_NONE, NULL,
		NULL, "%s", words);
	report.elapsed_ms = (unsigned)(now_ms() - started);
	tell(run, &report);
	report_clear(&report);
}

static void run_watched(struct run *run)
{
	const uint64_t started = now_ms();
	const struct watch *watch;
	enum watch_end end;

	run->journal = journal_new();
	end = watch_run(
		(uint64_t)run->asked.deadline_seconds * 1000, boot_job, run, &watch);
	log_end(end, watch, run, started);
}

/*
 * At the boot the config is in memory, and no read of it waits for anything. So it is
 * read before there is a child, and most boots of most machines, whose image has the
 * program and whose config has no rule, need none.
 */
static int run_boot(struct run *run)
{
	struct config config = {0};

	if (boot_read(&run->asked.boot, &config) == 0)
		run->config = &config;
	if (run->config && boot_is_nothing(run->config))
		boot_job(run, NULL);
	else
		run_watched(run);
	run->config = NULL;
	config_clear(&config);
	return EXIT_SUCCESS;
}

/* What a key or a lost connection ends would be left with neither the host nor VFIO; it
 * ends by itself before its deadline. */
static void ignore_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}

/* A run of which somebody reads what it says. */
static int run_printing(struct run *run)
{
	int r = -ENOMEM;

	run->text = now_text_make();
	if (run->text) {
		if (!run->asked.boot.plan_only)
			ignore_signals();
		run_watched(run);
		r = now_text_print(run->text, stdout);
	}
	if (r == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "vfio-early-boot: the report could not be printed: %s\n",
		strerror(-r));
	return EXIT_FAILURE;
}

/* Something of the config, for whoever makes an image: WHAT it is. */
static int print_of_config(const struct boot_options *options, const char *what,
	int (*print)(const char *sysroot, FILE *out))
{
	int r = print(options->sysroot, stdout);

	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "vfio-early-boot: the %s could not be printed: %s\n", what,
		strerror(-r));
	return EXIT_FAILURE;
}

/* The one variable that means something here. */
static const char *source_date_epoch;

/*
 * Parameters that the kernel does not know become variables of init, and both libraries
 * have some that change what they do (BLKID_CONF, KMOD_LOG). Before all others: libblkid
 * has a constructor that looks for LIBBLKID_DEBUG. A shared one has run by now.
 */
__attribute__((constructor(101))) static void drop_environment(void)
{
	source_date_epoch = getenv("SOURCE_DATE_EPOCH");
	clearenv();
}

static int perform(struct run *run)
{
	if (run->asked.boot.now != NOW_NOT || run->asked.boot.plan_only)
		return run_printing(run);
	if (run->asked.facts) {
		facts_run(run->asked.boot.sysroot, source_date_epoch);
		return EXIT_SUCCESS;
	}
	if (run->asked.drivers)
		return print_of_config(&run->asked.boot, "drivers", drivers_print);
	if (run->asked.problems)
		return print_of_config(&run->asked.boot, "problems", problems_print);
	if (!run->asked.boot.late)
		return run_boot(run);
	/* Of many that come at once, the first run decides about most. */
	if (!boot_was_decided(&run->asked.boot))
		run_watched(run);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct run run = {0};
	int r = arguments_read(argc, argv, &run.asked);

	if (r < 0)
		r = perform(&run);
	arguments_clear(&run.asked);
	return r;
}
