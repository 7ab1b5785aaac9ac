/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Results as a table for people or as JSON, from one list of columns.
 *
 * A cell is UTF-8 text, or NULL for nothing. A cell of TABLE_LIST, and one of the last
 * column, holds several lines: what they are for JSON is an array. On paper the last
 * column takes the width that is left and breaks its lines between words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum table_kind {
	TABLE_TEXT,
	TABLE_NUMBER,
	TABLE_BOOLEAN, /* "1" or "0" */
	TABLE_LIST,
};

struct table_column {
	const char *key;     /* in JSON; NULL: not there */
	const char *heading; /* for people; NULL: not there */
	enum table_kind kind;
	bool right;
	unsigned wide; /* for people only where they have so many columns of text */
	unsigned cut;  /* where room is scarce, cells are cut to so many; 0: never */
};

enum table_colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_BAD,
	COLOUR_DIM,
};

struct table_style {
	bool json;
	bool colours;
	unsigned width; /* 0: lines are never broken, everything is shown */
};

#define TABLE_COLUMNS_MAX 24
#define TABLE_WIDTH_LEAST 20 /* of the last column, however narrow the terminal is */

struct table;

/* NAME is that of the array in JSON. NULL when out of memory. COLUMNS are not copied. */
struct table *table_new(const char *name, const struct table_column *columns,
	size_t count, const struct table_style *style);
void table_free(struct table *table);
bool table_is_json(const struct table *table);
bool table_is_empty(const struct table *table);

/* Adds a row; COLOUR_NONE where nothing stands out. Returns 0 or -ENOMEM. */
int table_add(struct table *table, const char *const cells[], enum table_colour colour);

/* Prints to standard output. Returns 0 or -errno. */
int table_print(struct table *table);
