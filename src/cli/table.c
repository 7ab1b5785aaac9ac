/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include "core/quote.h"
#include "scan/cleanup.h"
#include "words.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char *cells[TABLE_COLUMNS_MAX];
	enum table_colour colour;
};

struct table {
	const char *name;
	const struct table_column *columns;
	size_t column_count;
	struct table_style style;
	struct row *rows;
	size_t row_count;
	size_t capacity;
};

static const char *const sequences[] = {
	[COLOUR_NONE] = NULL,
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_BAD] = "\033[31m",
	[COLOUR_DIM] = "\033[2m",
};

struct table *table_new(const char *name, const struct table_column *columns,
	size_t count, const struct table_style *style)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table || count > TABLE_COLUMNS_MAX) {
		free(table);
		return NULL;
	}
	table->name = name;
	table->columns = columns;
	table->column_count = count;
	table->style = *style;
	return table;
}

bool table_is_json(const struct table *table)
{
	return table->style.json;
}

bool table_is_empty(const struct table *table)
{
	return table->row_count == 0;
}

static void clear_row(struct row *row)
{
	for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
		free(row->cells[i]);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->row_count; i++)
		clear_row(&table->rows[i]);
	free(table->rows);
	free(table);
}

static int grow(struct table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 64;
	struct row *rows;

	if (table->row_count < table->capacity)
		return 0;
	rows = reallocarray(table->rows, capacity, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	table->capacity = capacity;
	return 0;
}

/* TEXT is cut into its lines: a list has several, which stay. */
static void escape_lines(char *text, char *out, size_t size)
{
	const char *line;
	size_t used = 0;

	while ((line = strsep(&text, "\n"))) {
		used += escape_controls(line, out + used, size - used);
		if (text)
			out[used++] = '\n';
	}
}

static bool is_plain(const char *text)
{
	while (*text == '\n' || (*text >= ' ' && *text <= '~'))
		text++;
	return *text == '\0';
}

/* A copy that a terminal may have. */
static char *printable(const char *text)
{
	char *lines = strdup(text), *out;
	size_t size;

	if (is_plain(text))
		return lines;
	size = 4 * strlen(text) + 1;
	out = malloc(size);
	if (lines && out) {
		escape_lines(lines, out, size);
	} else {
		free(out);
		out = NULL;
	}
	free(lines);
	return out;
}

int table_add(struct table *table, const char *const cells[], enum table_colour colour)
{
	struct row row = {.colour = colour};

	if (grow(table) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < table->column_count; i++) {
		row.cells[i] = cells[i] ? printable(cells[i]) : NULL;
		if (cells[i] && !row.cells[i]) {
			clear_row(&row);
			return -ENOMEM;
		}
	}
	table->rows[table->row_count++] = row;
	return 0;
}

static bool is_shown(const struct table *table, size_t column)
{
	const struct table_column *this = &table->columns[column];

	if (table->style.json)
		return this->key != NULL;
	return this->heading && (table->style.width == 0 || this->wide == 0 ||
					this->wide <= table->style.width);
}

/* The last column for people, which takes the rest of the width. */
static size_t last_column(const struct table *table)
{
	size_t last = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_shown(table, i))
			last = i;
	return last;
}

static size_t widest_cell(const struct table *table, size_t column)
{
	size_t widest = strlen(table->columns[column].heading);

	for (size_t i = 0; i < table->row_count; i++) {
		const char *cell = table->rows[i].cells[column];
		size_t width = cell ? words_width(cell) : 0;

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* What is left of the width for the last column. */
static size_t width_left(const struct table *table, size_t last)
{
	size_t used = 0;

	for (size_t i = 0; i < last; i++)
		if (is_shown(table, i))
			used += widest_cell(table, i) + 1;
	return used < table->style.width ? table->style.width - used : 0;
}

/* "sof-audio-pci-intel-tgl" becomes "sof-audio-..." */
static void cut_cells(struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++) {
		unsigned cut = table->columns[i].cut;

		for (size_t j = 0; cut > 0 && j < table->row_count; j++) {
			char *cell = table->rows[j].cells[i];

			if (cell && strlen(cell) > cut)
				memcpy(cell + cut - 3, "...", 4);
		}
	}
}

static size_t find_room(struct table *table, size_t last)
{
	size_t left = width_left(table, last);

	if (left >= TABLE_WIDTH_LEAST)
		return left;
	cut_cells(table);
	left = width_left(table, last);
	return left > TABLE_WIDTH_LEAST ? left : TABLE_WIDTH_LEAST;
}

static int json_type(enum table_kind kind)
{
	switch (kind) {
	case TABLE_TEXT:
		return SCOLS_JSON_STRING;
	case TABLE_NUMBER:
		return SCOLS_JSON_NUMBER;
	case TABLE_BOOLEAN:
		return SCOLS_JSON_BOOLEAN;
	case TABLE_LIST:
		return SCOLS_JSON_ARRAY_STRING;
	}
	return SCOLS_JSON_STRING;
}

static int add_columns(const struct table *table, struct libscols_table *out, size_t last)
{
	for (size_t i = 0; i < table->column_count; i++) {
		const struct table_column *this = &table->columns[i];
		struct libscols_column *column;
		int flags = this->right ? SCOLS_FL_RIGHT : 0;

		if (!is_shown(table, i))
			continue;
		if (this->kind == TABLE_LIST || (!table->style.json && i == last))
			flags |= SCOLS_FL_WRAP;
		column = scols_table_new_column(
			out, table->style.json ? this->key : this->heading, 0, flags);
		if (!column)
			return -ENOMEM;
		scols_column_set_json_type(column, json_type(this->kind));
		if (flags & SCOLS_FL_WRAP) {
			scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
				scols_wrapnl_nextchunk, NULL);
			scols_column_set_safechars(column, "\n");
		}
	}
	return 0;
}

static int fill_cell(struct libscols_line *line, size_t at, const char *text)
{
	if (!text || !text[0])
		return 0;
	return scols_line_set_data(line, at, text);
}

static int add_line(const struct table *table, struct libscols_table *out,
	const struct row *row, size_t last, size_t left)
{
	struct libscols_line *line = scols_table_new_line(out, NULL);
	size_t at = 0;
	int r = 0;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < table->column_count; i++) {
		cleanup_free char *broken = NULL;
		const char *text = row->cells[i];

		if (!is_shown(table, i))
			continue;
		if (!table->style.json && i == last && left > 0 && text) {
			broken = words_break(text, left);
			if (!broken)
				return -ENOMEM;
			text = broken;
		}
		if (!table->style.json && i != last && (!text || !text[0]))
			text = "-";
		r = fill_cell(line, at++, text);
	}
	if (r == 0 && table->style.colours && sequences[row->colour])
		r = scols_line_set_color(line, sequences[row->colour]);
	return r;
}

int table_print(struct table *table)
{
	struct libscols_table *out = scols_new_table();
	size_t last = last_column(table), left = 0;
	int r;

	if (!out)
		return -ENOMEM;
	scols_table_set_name(out, table->name);
	(void)scols_table_enable_json(out, table->style.json);
	(void)scols_table_enable_colors(out, !table->style.json && table->style.colours);
	/* Cells are printable; the library would escape the backslash of a \xff once
	 * more. */
	(void)scols_table_enable_noencoding(out, 1);
	/* Widths are ours: never cut, whatever the terminal. */
	(void)scols_table_set_termforce(out, SCOLS_TERMFORCE_NEVER);
	if (!table->style.json && table->style.width > 0)
		left = find_room(table, last);
	r = add_columns(table, out, last);
	for (size_t i = 0; r == 0 && i < table->row_count; i++)
		r = add_line(table, out, &table->rows[i], last, left);
	if (r == 0)
		r = scols_print_table(out);
	scols_unref_table(out);
	return r < 0 ? r : 0;
}
