/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check_rows.h"

#include "scan/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_RESULT,
	CELL_TOPIC,
	CELL_SUBJECT,
	CELL_WHAT,
	CELL_WHY,
	CELL_FIX,
	CELL_ALL,
	CELL_COUNT,
};

const struct table_column check_columns[] = {
	[CELL_RESULT] = {"result", "RESULT", TABLE_TEXT, false, 0, 0},
	[CELL_TOPIC] = {"topic", "ABOUT", TABLE_TEXT, false, 0, 0},
	[CELL_SUBJECT] = {"subject", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_WHAT] = {"what", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_WHY] = {"why", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_FIX] = {"fix", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_ALL] = {NULL, "WHAT, WHY, AND WHAT TO DO", TABLE_TEXT, false, 0, 0},
};

const size_t check_column_count = CELL_COUNT;

static enum table_colour colour_of(enum advice_level level)
{
	switch (level) {
	case ADVICE_OK:
		return COLOUR_GOOD;
	case ADVICE_WARNING:
	case ADVICE_ERROR:
		return COLOUR_BAD;
	case ADVICE_NOTE:
	case ADVICE_LEVEL_COUNT:
		return COLOUR_NONE;
	}
	return COLOUR_NONE;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static const char *short_subject(const struct advice *advice)
{
	return strncmp(advice->subject, "0000:", 5) == 0 ? advice->subject + 5
							 : advice->subject;
}

static int add_row(struct table *table, const struct advice *advice)
{
	cleanup_free char *all = NULL;
	const char *subject = short_subject(advice);
	const char *cells[CELL_COUNT] = {
		[CELL_RESULT] = advice_level_name(advice->level),
		[CELL_TOPIC] = advice->topic,
		[CELL_SUBJECT] = advice->subject[0] ? advice->subject : NULL,
		[CELL_WHAT] = advice->what,
		[CELL_WHY] = advice->why,
		[CELL_FIX] = advice->fix,
	};

	if (asprintf(&all, "%s%s%s%s%s%s%s", subject, subject[0] ? ": " : "",
		    or_nothing(advice->what), advice->why ? "\n- " : "",
		    or_nothing(advice->why), advice->fix ? "\n> " : "",
		    or_nothing(advice->fix)) < 0) {
		all = NULL;
		return -ENOMEM;
	}
	cells[CELL_ALL] = all;
	return table_add(table, cells, colour_of(advice->level));
}

int check_rows(
	struct table *table, const struct advices *advices, enum advice_level least)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < advices->count; i++)
		if (advices->items[i].level >= least)
			r = add_row(table, &advices->items[i]);
	return r;
}
