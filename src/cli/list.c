/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list.h"

#include "complain.h"
#include "core/number.h"
#include "list_rows.h"
#include "list_usb.h"
#include "look.h"
#include "style.h"
#include "survey_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERB "list"

static const char usage[] =
	"Usage: vfio-early list [OPTION]...\n"
	"Shows every PCI function by IOMMU group: what it is, what hangs on it, and "
	"what\n"
	"/etc/vfio-early.conf would make of it at the next boot.\n"
	"\n"
	"  --group=N        only those of this IOMMU group\n"
	"  --class=CLASS    only those of this class, as 03, 0108 or display\n"
	"  --usb            the USB devices behind each controller instead\n"
	"  --json           as JSON\n"
	"  --sysroot=WHERE  of the system below a directory, or of a capture\n"
	"  --quiet          no warnings\n"
	"  --no-color       no colors, even on a terminal\n"
	"  --help\n";

struct list {
	struct list_filter filter;
	bool usb;
};

enum {
	OPTION_GROUP = 256,
	OPTION_CLASS,
	OPTION_USB,
};

static const struct option own[] = {
	{"group", required_argument, NULL, OPTION_GROUP},
	{"class", required_argument, NULL, OPTION_CLASS},
	{"usb", no_argument, NULL, OPTION_USB},
	{NULL, 0, NULL, 0},
};

static int take_group(struct list *list, const char *value)
{
	uint64_t number;

	if (number_parse(value, strlen(value), 10, 0x7fffffff, &number) < 0)
		return usage_error(
			VERB, "expected --group=NUMBER of an IOMMU group, not %s", value);
	list->filter.by_group = true;
	list->filter.group = (int)number;
	return 0;
}

static int take_class(struct list *list, const char *value)
{
	if (pci_class_pattern_parse(value, strlen(value), &list->filter.class_pattern) <
		0)
		return usage_error(VERB,
			"expected --class=CLASS, 2, 4 or 6 hexadecimal digits or a word "
			"of a rule, as 03, 0108 or display, not %s",
			value);
	list->filter.by_class = true;
	return 0;
}

static int take(void *context, int option, const char *value)
{
	struct list *list = context;

	switch (option) {
	case OPTION_GROUP:
		return take_group(list, value);
	case OPTION_CLASS:
		return take_class(list, value);
	default:
		list->usb = true;
		return 0;
	}
}

static int print(const struct list *list, const struct options *options, int root,
	const struct survey *survey)
{
	const struct table_style style = style_find(options->json, options->no_colour);
	struct names *names = names_open(root);
	struct attached attached = {0};
	struct table *table;
	int r;

	if (list->usb)
		table = table_new("usb", usb_columns, usb_column_count, &style);
	else
		table = table_new("functions", list_columns, list_column_count, &style);
	r = table && names ? 0 : -ENOMEM;
	if (r == 0)
		r = attached_find(
			root, &survey->machine, &survey->machine.needs, &attached);
	if (r == 0 && list->usb)
		r = usb_rows(table, root, &survey->machine, &list->filter);
	else if (r == 0)
		r = list_rows(table, root, survey, &attached, names, &list->filter);
	if (r == 0)
		r = table_print(table);
	attached_clear(&attached);
	table_free(table);
	names_close(names);
	return r;
}

/* An empty table does not tell whether the machine or the number is another one. */
static void warn_if_empty(const struct list *list, const struct machine *machine)
{
	for (size_t i = 0; i < machine->count; i++)
		if (list_passes(&list->filter, &machine->functions[i]))
			return;
	if (machine->count > 0)
		warn_user("no PCI function passes %s%s%s; vfio-early list shows them all",
			list->filter.by_group ? "--group" : "",
			list->filter.by_group && list->filter.by_class ? " and " : "",
			list->filter.by_class ? "--class" : "");
}

static int run(
	void *context, const struct options *options, const struct sysroot *sysroot)
{
	struct survey survey;
	int r = survey_shown(sysroot->fd, options->quiet, &survey);

	if (r != 0)
		return r;
	if (!options->quiet)
		warn_if_empty(context, &survey.machine);
	r = print(context, options, sysroot->fd, &survey);
	survey_clear(&survey);
	return r < 0 ? survey_complain(r) : EXIT_SUCCESS;
}

int list_main(int argc, char **argv)
{
	struct list list = {0};
	const struct look look = {.reader = {.verb = VERB,
					  .usage = usage,
					  .shared = OPTIONS_SYSROOT | OPTIONS_JSON,
					  .own = own,
					  .take = take,
					  .context = &list},
		.run = run,
		.failed = EXIT_FAILURE};

	return look_main(&look, argc, argv);
}
