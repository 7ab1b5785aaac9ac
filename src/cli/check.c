/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "check_parts.h"
#include "check_rows.h"
#include "complain.h"
#include "core/cmdline.h"
#include "look.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"
#include "style.h"
#include "survey_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERB "check"
/* The boot would not do what is configured, or that cannot be found out. */
#define EXIT_WRONG 2

static const char usage[] =
	"Usage: vfio-early check [OPTION]...\n"
	"Foretells what the next boot does with the configured devices, and looks at "
	"what "
	"it\n"
	"depends on: IOMMU, kernels, boot images, their hooks, and what else binds "
	"devices.\n"
	"\n"
	"  --json           as JSON\n"
	"  --sysroot=WHERE  of the system below a directory, or of a capture\n"
	"  --quiet          only warnings and errors\n"
	"  --no-color       no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if all is well, 1 after warnings, 2 if the boot would not do what "
	"the\n"
	"configuration says.\n";

int check_begin(struct check *check)
{
	cleanup_free char *text = NULL;
	size_t length;

	if (kernels_find_below(check->root, &check->kernels) == -ENOMEM)
		return -ENOMEM;
	if (sysfs_read_text(check->root, "proc/sys/kernel/osrelease", check->running,
		    sizeof(check->running)) < 0)
		check->running[0] = '\0';
	if (proc_read(check->root, "proc/cmdline", CMDLINE_BYTES_MAX, &text, &length) >=
		0)
		snprintf(check->cmdline, sizeof(check->cmdline), "%.*s",
			(int)strcspn(text, "\n"), text);
	return 0;
}

void check_clear(struct check *check)
{
	kernels_clear(&check->kernels);
	advices_clear(&check->advices);
}

static void note_capture(struct check *check)
{
	advice_add(&check->advices, ADVICE_NOTE, "image", "");
	advice_what(&check->advices,
		"a capture has no kernels, boot images and settings of other programs; "
		"these were not looked at");
}

static int run(struct check *check)
{
	int r = check_begin(check);

	if (r < 0)
		return r;
	check_plan(check);
	check_iommu(check);
	if (check->is_capture) {
		note_capture(check);
	} else {
		check_kernels(check);
		check_images(check);
		check_entries(check);
		check_hooks(check);
	}
	check_rivals(check);
	return check->advices.incomplete ? -ENOMEM : 0;
}

static int print(const struct options *options, const struct advices *advices)
{
	const struct table_style style = style_find(options->json, options->no_colour);
	struct table *table =
		table_new("findings", check_columns, check_column_count, &style);
	int r = table ? 0 : -ENOMEM;

	if (r == 0)
		r = check_rows(
			table, advices, options->quiet ? ADVICE_WARNING : ADVICE_OK);
	if (r == 0 && (options->json || !options->quiet ||
			      advice_worst(advices) >= ADVICE_WARNING))
		r = table_print(table);
	table_free(table);
	return r;
}

static int status_of(const struct advices *advices)
{
	switch (advice_worst(advices)) {
	case ADVICE_OK:
	case ADVICE_NOTE:
	case ADVICE_LEVEL_COUNT:
		return EXIT_SUCCESS;
	case ADVICE_WARNING:
		return EXIT_FAILURE;
	case ADVICE_ERROR:
		return EXIT_WRONG;
	}
	return EXIT_WRONG;
}

static int look(
	void *context, const struct options *options, const struct sysroot *sysroot)
{
	struct survey survey;
	int status, r = survey_make(sysroot->fd, &survey);
	struct check check = {.root = sysroot->fd,
		.is_capture = sysroot->temporary != NULL,
		.survey = &survey};

	(void)context;
	if (r < 0) {
		(void)survey_complain(r);
		return EXIT_WRONG;
	}
	r = run(&check);
	status = status_of(&check.advices);
	if (r == 0)
		r = print(options, &check.advices);
	if (r < 0) {
		complain("%s", strerror(-r));
		status = EXIT_WRONG;
	}
	check_clear(&check);
	survey_clear(&survey);
	return status;
}

int check_main(int argc, char **argv)
{
	static const struct look view = {
		.reader = {.verb = VERB,
			.usage = usage,
			.shared = OPTIONS_SYSROOT | OPTIONS_JSON},
		.run = look,
		.failed = EXIT_WRONG};

	return look_main(&view, argc, argv);
}
