/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bind.h"

#include "complain.h"
#include "core/report.h"
#include "core/unmatched.h"
#include "device_request.h"
#include "program.h"
#include "survey_words.h"
#include "sysroot.h"
#include "targets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What does it is the program of the boot: here nothing is linked that can bind. */
#define BESIDE     "vfio-early-boot"
#define PATH_BYTES 4096
#define BINDER     "/usr/lib/vfio-early/vfio-early-boot"

static const char bind_usage[] =
	"Usage: vfio-early bind [OPTION]... DEVICE...\n"
	"Binds these devices to vfio-pci now, until the next boot. The guards of the "
	"boot "
	"are\n"
	"asked, and keep rules of the configuration hold.\n"
	"\n" REQUEST_DEVICE_USAGE "in quotes, several terms that must all hold\n"
	"\n" REQUEST_RULE_USAGE
	"                     whether to take them from the driver that has them\n"
	"  --dry-run          say what would be done, and touch nothing\n"
	"  --sysroot=WHERE    with --dry-run: of the system below a directory, or of a\n"
	"                     capture\n"
	"  --quiet            no warnings\n"
	"  --no-color         no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if all of them are bound, 1 if not, 64 if called wrongly.\n";

static const char release_usage[] =
	"Usage: vfio-early release [OPTION]... DEVICE...\n"
	"Gives these devices back to the host now: clears driver_override, takes them "
	"from "
	"the\n"
	"VFIO driver, loads the host's driver and asks it. The configuration is not "
	"changed.\n"
	"\n" REQUEST_DEVICE_USAGE "in quotes, several terms that must all hold\n"
	"\n" REQUEST_WITH_USAGE
	"  --rescan           have the kernel forget them, and look for them again\n"
	"  --dry-run          say what would be done, and touch nothing\n"
	"  --sysroot=WHERE    with --dry-run: of the system below a directory, or of a\n"
	"                     capture\n"
	"  --quiet            no warnings\n"
	"  --no-color         no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if all of them are the host's, 1 if not, 64 if called wrongly.\n";

struct task {
	const char *verb;
	const char *option; /* of the binder: --bind or --release */
	struct request request;
	struct sysroot sysroot;
};

static int check(const struct task *task)
{
	if (task->request.options.sysroot && !task->request.dry_run)
		return usage_error(task->verb, "--sysroot needs --dry-run");
	if (!task->request.dry_run && geteuid() != 0) {
		complain(
			"%s needs root: run it with sudo, or with --dry-run", task->verb);
		return EXIT_FAILURE;
	}
	return 0;
}

/* Found again, it is a new device, which the rule on late devices would take at once. */
static int check_rescan(const struct task *task)
{
	struct selection targets = {0};
	struct findings findings = {0};
	struct survey survey;
	int status = 0, r;

	if (!task->request.rescan)
		return 0;
	r = survey_make(task->sysroot.fd, &survey);
	if (r < 0)
		return survey_complain(r);
	r = targets_find(task->sysroot.fd, &task->request.config, &survey.machine,
		&targets, &findings);
	for (size_t i = 0; r == 0 && i < targets.count; i++) {
		const struct wanted *wanted =
			selection_find(&survey.selection, targets.items[i].function);
		char origin[FINDING_ORIGIN_MAX], address[PCI_ADDRESS_TEXT_MAX];

		if (!wanted)
			continue;
		source_format(&wanted->rule->source, origin, sizeof(origin));
		pci_address_format(&wanted->function->address, address);
		complain("%s: takes %s as soon as it is found again; vfio-early remove "
			 "it first, or leave --rescan out",
			origin, address);
		status = EXIT_FAILURE;
	}
	selection_clear(&targets);
	findings_clear(&findings);
	survey_clear(&survey);
	return r < 0 ? survey_complain(r) : status;
}

/* The report of the binder, line by line. */
struct received {
	char *text;
	size_t length;
	bool failed;
};

static void receive(void *context, char *line)
{
	struct received *received = context;
	size_t length = strlen(line);
	char *longer = realloc(received->text, received->length + length + 2);

	if (!longer) {
		received->failed = true;
		return;
	}
	received->text = longer;
	memcpy(longer + received->length, line, length);
	received->length += length;
	longer[received->length++] = '\n';
	longer[received->length] = '\0';
}

/* The binder beside this program, which a build has there; else the installed one. */
static const char *find_binder(char path[PATH_BYTES])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_BYTES - sizeof(BESIDE));
	char *slash;

	if (length <= 0)
		return BINDER;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return BINDER;
	memcpy(slash + 1, BESIDE, sizeof(BESIDE));
	return access(path, X_OK) == 0 ? path : BINDER;
}

/* The argv of the binder; to be freed, not its words. */
static char **arguments(const struct task *task, const char *binder, char **sysroot)
{
	const struct request *request = &task->request;
	char **argv = calloc(2 * request->rule_count + 5, sizeof(*argv));
	size_t count = 0;

	if (!argv)
		return NULL;
	argv[count++] = (char *)binder;
	if (request->dry_run)
		argv[count++] = (char *)"--plan";
	if (request->rescan)
		argv[count++] = (char *)"--rescan";
	if (request->options.sysroot) {
		if (asprintf(sysroot, "--sysroot=%s",
			    task->sysroot.temporary ? task->sysroot.temporary
						    : request->options.sysroot) < 0) {
			*sysroot = NULL;
			free(argv);
			return NULL;
		}
		argv[count++] = *sysroot;
	}
	for (size_t i = 0; i < request->rule_count; i++) {
		argv[count++] = (char *)task->option;
		argv[count++] = request->rules[i];
	}
	return argv;
}

/* Where its report goes; rules of the configuration that match nothing are no matter. */
static int say(const struct finding *finding, bool quiet)
{
	char line[REPORT_LINE_MAX];

	report_line(finding, line);
	switch (finding->verdict) {
	case VERDICT_BOUND:
	case VERDICT_ALREADY:
	case VERDICT_WOULD_BIND:
	case VERDICT_RELEASED:
	case VERDICT_WOULD_RELEASE:
		puts(line);
		return EXIT_SUCCESS;
	case VERDICT_KEPT:
	case VERDICT_REFUSED:
	case VERDICT_FAILED:
		complain("%s", line);
		return EXIT_FAILURE;
	case VERDICT_UNMATCHED:
	case VERDICT_PROBLEM:
		if (!finding->origin[0]) {
			complain("%s; vfio-early list shows what is there",
				unmatched_why(line));
			return EXIT_FAILURE;
		}
		if (finding->verdict == VERDICT_PROBLEM && !quiet)
			warn_user("%s", line);
		return EXIT_SUCCESS;
	case VERDICT_NOTE:
		/* Without a device it is about the run: a call that hung, the config. */
		if (finding->severity <= SEVERITY_ERROR) {
			complain("%s", line);
			return EXIT_FAILURE;
		}
		if (finding->severity <= SEVERITY_NOTICE && !quiet)
			warn_user("%s", line);
		return EXIT_SUCCESS;
	case VERDICT_COUNT:
		break;
	}
	return EXIT_FAILURE;
}

static int say_all(const struct task *task, const struct received *received)
{
	struct report report;
	unsigned line = 0;
	int status = EXIT_SUCCESS;

	if (received->failed || !received->text ||
		report_parse(received->text, received->length, &report, &line) < 0) {
		complain(BINDER " is not of this version, or did not come to its end; "
				"dmesg and lspci -k show what was done");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < report.findings.count; i++)
		if (say(&report.findings.items[i], task->request.options.quiet) !=
			EXIT_SUCCESS)
			status = EXIT_FAILURE;
	report_clear(&report);
	return status;
}

static int run(const struct task *task)
{
	struct received received = {0};
	char path[PATH_BYTES];
	const char *binder = find_binder(path);
	char *sysroot = NULL, **argv = arguments(task, binder, &sysroot);
	int status;

	if (!argv) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	/* It ends in a few seconds, and what it did is to be told. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	status = program_run(argv, receive, &received);
	free(argv);
	free(sysroot);
	if (status < 0) {
		complain("%s: %s; reinstall vfio-early", binder, strerror(-status));
		status = EXIT_FAILURE;
	} else {
		status = say_all(task, &received);
	}
	free(received.text);
	return status;
}

static int perform(
	struct task *task, const struct request_reader *reader, int argc, char **argv)
{
	int r = request_read(reader, argc, argv, &task->request);

	if (r < 0) {
		task->verb = reader->verb;
		task->sysroot.fd = -1;
		r = check(task);
		if (r == 0)
			r = sysroot_open(task->request.options.sysroot, &task->sysroot);
		if (r == 0)
			r = check_rescan(task);
		if (r == 0)
			r = run(task);
		sysroot_close(&task->sysroot);
	}
	request_clear(&task->request);
	return r;
}

int bind_main(int argc, char **argv)
{
	const struct request_reader reader = {.verb = "bind",
		.usage = bind_usage,
		.has = REQUEST_DRY_RUN | REQUEST_RULE};
	struct task task = {.option = "--bind"};

	return perform(&task, &reader, argc, argv);
}

int release_main(int argc, char **argv)
{
	const struct request_reader reader = {.verb = "release",
		.usage = release_usage,
		.has = REQUEST_DRY_RUN | REQUEST_WITH | REQUEST_RESCAN};
	struct task task = {.option = "--release"};

	return perform(&task, &reader, argc, argv);
}
