/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

#include "complain.h"
#include "look.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"
#include "status_rows.h"
#include "style.h"
#include "survey_words.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERB             "status"
#define REPORT_FILE      "run/vfio-early/report"
#define REPORT_BYTES_MAX 4194304
#define INDENT           2

static const char usage[] =
	"Usage: vfio-early status [OPTION]...\n"
	"Shows for every device that is asked for, or was taken: the configuration, what "
	"the\n"
	"last boot did, whether the boot images have this configuration, which driver "
	"has "
	"it\nnow, and what differs and why.\n"
	"\n"
	"  --json           as JSON\n"
	"  --sysroot=WHERE  of the system below a directory, or of a capture\n"
	"  --quiet          no warnings\n"
	"  --no-color       no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if nothing differs, 1 if something does, or the last boot could "
	"not\nunderstand a line of the configuration.\n";

/* Returns 1 with a report, 0 without one that can be understood, or -ENOMEM. */
static int read_report(int root, bool quiet, struct report *report)
{
	cleanup_free char *text = NULL;
	unsigned line = 0;
	size_t length;
	int r = proc_read(root, REPORT_FILE, REPORT_BYTES_MAX, &text, &length);

	if (r == -ENOENT && !quiet)
		warn_user("there is no /" REPORT_FILE ": vfio-early did not run at this "
			  "boot; vfio-early-boot(8) says how a boot image has it");
	else if (r < 0 && r != -ENOENT && !quiet)
		warn_user("/" REPORT_FILE ": %s", strerror(-r));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = report_parse(text, length, report, &line);
	if (r < 0 && r != -ENOMEM && !quiet)
		warn_user("/" REPORT_FILE
			  ":%u: not a report of this version; is the boot "
			  "image older than this program?",
			line);
	return r == 0 ? 1 : r == -ENOMEM ? r : 0;
}

/* An item of a list, set in, and broken where the terminal ends. */
static int print_item(const char *text, unsigned width)
{
	char item[REPORT_LINE_MAX + 2];
	cleanup_free char *broken = NULL;
	char *rest, *line;

	snprintf(item, sizeof(item), "- %s", text);
	broken = words_break(item, width > 2 * INDENT ? width - INDENT : sizeof(item));
	if (!broken)
		return -ENOMEM;
	for (line = strtok_r(broken, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		printf("%*s%s\n", INDENT, "", line);
	return 0;
}

/* What the last boot did, and which lines of the config it did without. */
static int say_run(
	const struct report *report, const struct table_style *style, bool quiet)
{
	char line[REPORT_LINE_MAX];
	int r = 0;

	report_summary(report, line);
	if (!style->json)
		printf("Last boot, by vfio-early %s:\n%*s%s\n", report->version, INDENT,
			"", line);
	for (size_t i = 0; r == 0 && i < report->findings.count; i++) {
		const struct finding *finding = &report->findings.items[i];

		if (finding->verdict != VERDICT_PROBLEM)
			continue;
		report_line(finding, line);
		if (!style->json)
			r = print_item(line, style->width);
		else if (!quiet)
			warn_user("at the last boot: %s", line);
	}
	return r;
}

/* Returns how many devices differ, and how many problems the config had at the last boot,
 * or -errno. */
static int print(const struct options *options, const struct sysroot *sysroot,
	const struct survey *survey)
{
	char image_words[IMAGE_STATE_WORDS_MAX];
	enum image_state image;
	const struct table_style style = style_find(options->json, options->no_colour);
	struct names *names = names_open(sysroot->fd);
	struct table *table =
		table_new("devices", status_columns, status_column_count, &style);
	struct report report = {0};
	unsigned differs = 0;
	int has_report = read_report(sysroot->fd, options->quiet, &report);
	int r = names && table && has_report >= 0 ? 0 : -ENOMEM;

	if (r == 0)
		r = image_state_find(sysroot->fd, sysroot->temporary != NULL, survey,
			&image, image_words);
	if (r == 0)
		r = status_rows(table, survey, has_report ? &report : NULL, image,
			image_words, names, &differs);
	if (r == 0 && has_report)
		r = say_run(&report, &style, options->quiet);
	if (has_report > 0)
		differs += (unsigned)report_count(&report, VERDICT_PROBLEM);
	if (r == 0 && !options->json && table_is_empty(table))
		puts("No device is asked for, and none was taken.");
	if (r == 0)
		r = table_print(table);
	if (has_report > 0)
		report_clear(&report);
	table_free(table);
	names_close(names);
	return r < 0 ? r : (int)differs;
}

static int run(
	void *context, const struct options *options, const struct sysroot *sysroot)
{
	struct survey survey;
	int r = survey_shown(sysroot->fd, options->quiet, &survey);

	(void)context;
	if (r != 0)
		return r;
	r = print(options, sysroot, &survey);
	survey_clear(&survey);
	if (r < 0)
		return survey_complain(r);
	return r > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int status_main(int argc, char **argv)
{
	static const struct look look = {
		.reader = {.verb = VERB,
			.usage = usage,
			.shared = OPTIONS_SYSROOT | OPTIONS_JSON},
		.run = run,
		.failed = EXIT_FAILURE};

	return look_main(&look, argc, argv);
}
