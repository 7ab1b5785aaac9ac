/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-early-boot: without arguments, the boot run; with --device=, the run for a device
 * that appears later. Ends with 0 whatever happened, writes to /dev/kmsg and
 * /run/vfio-early only, and returns before its deadline.
 */
#include "apply/journal.h"
#include "apply/kernel_effects.h"
#include "apply/watch.h"
#include "boot_run.h"
#include "core/number.h"
#include "drivers.h"
#include "facts_run.h"
#include "kmsg.h"
#include "now.h"
#include "report_file.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_SECONDS     10
#define DEADLINE_SECONDS_MAX 600
#define EXIT_USAGE           64

struct arguments {
	struct boot_options boot;
	unsigned deadline_seconds;
	bool drivers;
	bool facts;
	struct journal *journal;
	/* Where the child leaves what it has to say of a run now. */
	struct now_text *text;
};

static const char usage[] =
	"Usage: vfio-early-boot [OPTION]...\n"
	"Binds the PCI devices that /etc/vfio-early.conf lists to vfio-pci. Run by a "
	"hook in\n"
	"the initramfs; writes to the kernel log and /run/vfio-early.\n"
	"\n"
	"  --device=ADDRESS decide about a PCI function that has just appeared (udev)\n"
	"  --plan           print what would be done now, and touch nothing\n"
	"  --facts          print what this host needs, for its boot images\n"
	"  --sysroot=DIR    with --plan, --facts or --drivers: read the machine and the "
	"config\n"
	"                   below DIR\n"
	"  --bind=RULE      do it now, with this rule and the keep rules of the config; "
	"may be\n"
	"                   given again; prints a report; with --plan, touch nothing\n"
	"  --release=RULE   likewise, give what the rule names back to the host\n"
	"  --rescan         with --release: forget the devices, and look for them again\n"
	"  --deadline=SEC   give up waiting for the kernel after SEC seconds (default "
	"10)\n"
	"  --before-udev    the hook that has to come before udevd: log if it did not\n"
	"  --drivers        print the drivers that the config asks for, one a line\n"
	"  --help, --version\n";

static void log_finding(const struct finding *finding, bool to_stdout)
{
	char line[REPORT_LINE_MAX];

	report_line(finding, line);
	if (to_stdout)
		printf("vfio-early: %s\n", line);
	else
		kmsg_write(finding->severity, line);
}

/* A run for a late device is silent where it has nothing to say. */
static void log_report(const struct report *report, bool late, bool to_stdout)
{
	char line[REPORT_LINE_MAX];

	for (size_t i = 0; i < report->findings.count; i++)
		log_finding(&report->findings.items[i], to_stdout);
	if (late)
		return;
	report_summary(report, line);
	if (to_stdout)
		printf("vfio-early: %s\n", line);
	else
		kmsg_write(SEVERITY_INFO, line);
}

static int keep_report(const struct report *report, bool late)
{
	if (!late)
		return report_file_write(report);
	return report->findings.count > 0 ? report_file_append(report) : 0;
}

/* What the child does. May run several times: see watch.h. */
static void boot_job(void *context, struct watch *watch)
{
	const struct arguments *arguments = context;
	struct report report = {0};
	int r;

	boot_run(&arguments->boot, watch, arguments->journal, &report);
	if (arguments->boot.now != NOW_NOT) {
		log_report(&report, true, false);
		now_text_put(arguments->text, &report);
		report_clear(&report);
		return;
	}
	r = keep_report(&report, arguments->boot.late);
	if (r < 0)
		finding_add(&report.findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			NULL, NULL,
			"the report could not be written to /run/vfio-early: %s",
			strerror(-r));
	log_report(&report, arguments->boot.late, false);
	report_clear(&report);
}

/* What stopped a run, in words, with what there is to do about it. */
static void end_words(enum watch_end end, const struct watch *watch,
	const struct arguments *arguments, char out[FINDING_TEXT_MAX])
{
	const char *goes_on = arguments->boot.now == NOW_NOT ? ", the boot goes on" : "";
	char words[WATCH_WORDS_MAX] = "no kernel call";

	if (watch && watch->hung_count > 0)
		call_words(&watch->hung[watch->hung_count - 1], words);
	switch (end) {
	case WATCH_DONE:
		out[0] = '\0';
		break;
	case WATCH_DEADLINE:
		snprintf(out, FINDING_TEXT_MAX, "not done after %u s%s: still in %s",
			arguments->deadline_seconds, goes_on, words);
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
static void log_end(enum watch_end end, const struct watch *watch,
	const struct arguments *arguments, uint64_t started)
{
	struct kernel_effects kernel = {0};
	const struct effects effects = kernel_effects_table(&kernel);
	char words[FINDING_TEXT_MAX];
	struct report report;

	if (end == WATCH_DONE)
		return;
	journal_report(arguments->journal, watch, &effects, &report);
	snprintf(report.version, sizeof(report.version), "%s", VFIO_EARLY_VERSION);
	end_words(end, watch, arguments, words);
	finding_add(&report.findings, SEVERITY_ERROR, VERDICT_NOTE, GUARD_NONE, NULL,
		NULL, "%s", words);
	report.elapsed_ms = (unsigned)(now_ms() - started);
	if (arguments->boot.now == NOW_NOT)
		(void)keep_report(&report, arguments->boot.late);
	else
		now_text_put(arguments->text, &report);
	log_report(
		&report, arguments->boot.late || arguments->boot.now != NOW_NOT, false);
	report_clear(&report);
}

static int print_plan(const struct boot_options *options)
{
	struct report report = {0};

	boot_run(options, NULL, NULL, &report);
	log_report(&report, options->late, true);
	report_clear(&report);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_watched(struct arguments *arguments)
{
	const uint64_t started = now_ms();
	const struct watch *watch;
	enum watch_end end;

	arguments->journal = journal_new();
	end = watch_run((uint64_t)arguments->deadline_seconds * 1000, boot_job, arguments,
		&watch);
	log_end(end, watch, arguments, started);
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

static int run_now(struct arguments *arguments)
{
	struct report report = {0};
	int r = -ENOMEM;

	arguments->text = now_text_make();
	if (arguments->text && arguments->boot.plan_only) {
		boot_run(&arguments->boot, NULL, NULL, &report);
		now_text_put(arguments->text, &report);
		report_clear(&report);
	} else if (arguments->text) {
		ignore_signals();
		(void)run_watched(arguments);
	}
	if (arguments->text)
		r = now_text_print(arguments->text, stdout);
	if (r == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "vfio-early-boot: the report could not be printed: %s\n",
		strerror(-r));
	return EXIT_FAILURE;
}

static int print_drivers(const struct boot_options *options)
{
	int r = drivers_print(options->sysroot, stdout);

	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "vfio-early-boot: the drivers could not be printed: %s\n",
		strerror(-r));
	return EXIT_FAILURE;
}

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "vfio-early-boot: %s%s; see vfio-early-boot --help\n", what,
		value);
	return EXIT_USAGE;
}

/* Exactly as sysfs names it: udev hands it over. */
static bool read_device(const char *text, struct boot_options *options)
{
	char name[PCI_ADDRESS_TEXT_MAX];

	if (pci_address_parse(text, strlen(text), &options->device) < 0)
		return false;
	pci_address_format(&options->device, name);
	options->late = strcmp(name, text) == 0;
	return options->late;
}

static bool read_deadline(const char *text, unsigned *ret_seconds)
{
	uint64_t seconds;

	if (number_parse(text, strlen(text), 10, DEADLINE_SECONDS_MAX, &seconds) < 0 ||
		seconds == 0)
		return false;
	*ret_seconds = (unsigned)seconds;
	return true;
}

/* Options that do not go together; returns as read_arguments(). */
static int check_together(const struct arguments *arguments)
{
	int printing = arguments->boot.plan_only + arguments->facts + arguments->drivers;

	if (printing > 1)
		return -usage_error(
			"--plan, --facts and --drivers exclude each other", "");
	if (arguments->boot.now != NOW_NOT && printing > arguments->boot.plan_only)
		return -usage_error(
			"--bind and --release go with --plan and --deadline only", "");
	if (arguments->boot.rescan && arguments->boot.now != NOW_RELEASE)
		return -usage_error("--rescan needs --release", "");
	if (strcmp(arguments->boot.sysroot, "/") != 0 && printing == 0)
		return -usage_error("--sysroot needs --plan, --facts or --drivers", "");
	return 1;
}

static int add_rule(struct arguments *arguments, enum now now, const char *rule)
{
	struct boot_options *boot = &arguments->boot;

	if (boot->now != NOW_NOT && boot->now != now)
		return -usage_error("--bind and --release exclude each other", "");
	boot->now = now;
	boot->rules[boot->rule_count++] = rule;
	return 1;
}

/* One option; returns as read_arguments(). */
static int take(struct arguments *arguments, int option)
{
	switch (option) {
	case 'p':
		arguments->boot.plan_only = true;
		break;
	case 'f':
		arguments->facts = true;
		break;
	case 's':
		arguments->boot.sysroot = optarg;
		break;
	case 'd':
		if (!read_deadline(optarg, &arguments->deadline_seconds))
			return -usage_error("expected --deadline=1 to 600, not ", optarg);
		break;
	case 'l':
		if (!read_device(optarg, &arguments->boot))
			return -usage_error(
				"expected --device=DDDD:BB:DD.F, not ", optarg);
		break;
	case 'u':
		arguments->boot.before_udev = true;
		break;
	case 'r':
		arguments->drivers = true;
		break;
	case 'b':
	case 'g':
		if (add_rule(arguments, option == 'b' ? NOW_BIND : NOW_RELEASE, optarg) <=
			0)
			return -EXIT_USAGE;
		break;
	case 'c':
		arguments->boot.rescan = true;
		break;
	case 'h':
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	case 'v':
		puts("vfio-early-boot " VFIO_EARLY_VERSION);
		return EXIT_SUCCESS;
	default:
		return -EXIT_USAGE;
	}
	return 1;
}

/* Returns a positive number to go on, else minus the exit status. */
static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"plan", no_argument, NULL, 'p'},
		{"facts", no_argument, NULL, 'f'},
		{"sysroot", required_argument, NULL, 's'},
		{"deadline", required_argument, NULL, 'd'},
		{"before-udev", no_argument, NULL, 'u'},
		{"drivers", no_argument, NULL, 'r'},
		{"bind", required_argument, NULL, 'b'},
		{"release", required_argument, NULL, 'g'},
		{"rescan", no_argument, NULL, 'c'},
		{"device", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		r = take(arguments, option);
		if (r <= 0)
			return r;
	}
	if (optind < argc)
		return -usage_error("unexpected argument ", argv[optind]);
	return check_together(arguments);
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

static int run(struct arguments *arguments)
{
	if (arguments->boot.now != NOW_NOT)
		return run_now(arguments);
	if (arguments->facts) {
		facts_run(arguments->boot.sysroot, source_date_epoch);
		return EXIT_SUCCESS;
	}
	if (arguments->boot.plan_only)
		return print_plan(&arguments->boot);
	if (arguments->drivers)
		return print_drivers(&arguments->boot);
	return run_watched(arguments);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.boot.sysroot = "/", .deadline_seconds = DEADLINE_SECONDS};
	int r;

	arguments.boot.rules = calloc((size_t)argc + 1, sizeof(*arguments.boot.rules));
	if (!arguments.boot.rules)
		return EXIT_SUCCESS;
	r = read_arguments(argc, argv, &arguments);
	if (r > 0)
		r = -run(&arguments);
	free(arguments.boot.rules);
	return -r;
}
