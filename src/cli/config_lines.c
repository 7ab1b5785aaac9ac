/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_lines.h"

#include "core/cmdline.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 1048576
#define NAMES_MAX      512

static void cut_comment(char *line)
{
	for (char *at = line; *at; at++)
		if (*at == '#' && (at == line || isblank((unsigned char)at[-1])))
			*at = '\0';
}

static void hand_over(
	char *line, const char *path, unsigned number, config_line *each, void *context)
{
	char *from = line;
	size_t length;

	cut_comment(from);
	from += strspn(from, " \t");
	length = strlen(from);
	while (length > 0 && isspace((unsigned char)from[length - 1]))
		from[--length] = '\0';
	if (length > 0)
		each(context, path, number, from);
}

/* Joins lines in place. */
static bool continues(char *line, char **rest)
{
	size_t length = strlen(line);

	if (length == 0 || line[length - 1] != '\\' || !*rest)
		return false;
	line[length - 1] = ' ';
	line[length] = ' ';
	return true;
}

void config_lines_of_file(int root, const char *path, config_line *each, void *context)
{
	cleanup_free char *text = NULL;
	unsigned number = 0;
	size_t length;

	if (proc_read(root, path, FILE_BYTES_MAX, &text, &length) < 0)
		return;
	for (char *rest = text; rest;) {
		char *line = strsep(&rest, "\n");
		unsigned first = ++number;

		while (continues(line, &rest)) {
			(void)strsep(&rest, "\n");
			number++;
		}
		hand_over(line, path, first, each, context);
	}
}

struct names {
	const char *end;
	char *items[NAMES_MAX];
	size_t count;
};

static int add_name(void *context, int dir, const char *name)
{
	struct names *names = context;
	size_t length = strlen(name), end = strlen(names->end);

	(void)dir;
	if (names->count == NAMES_MAX || name[0] == '.' || length < end ||
		strcmp(name + length - end, names->end) != 0)
		return 0;
	names->items[names->count] = strdup(name);
	names->count += names->items[names->count] != NULL;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void config_lines_of_folder(
	int root, const char *folder, const char *end, config_line *each, void *context)
{
	struct names names = {.end = end};

	(void)dir_for_each(root, folder, add_name, &names);
	if (names.count > 0)
		qsort(names.items, names.count, sizeof(names.items[0]), by_bytes);
	for (size_t i = 0; i < names.count; i++) {
		char path[CONFIG_LINE_PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
		config_lines_of_file(root, path, each, context);
		free(names.items[i]);
	}
}

static bool is_in_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '-' || byte == '_';
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (is_in_word(text[length]))
		length++;
	return length;
}

bool config_has_word(const char *text, const char *word)
{
	while (*text) {
		size_t length = word_length(text);

		if (length > 0 && cmdline_name_is(text, length, word))
			return true;
		text += length > 0 ? length : 1;
	}
	return false;
}
