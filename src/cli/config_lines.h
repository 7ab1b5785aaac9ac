/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of other programs' configuration files, without comments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_LINE_PATH_MAX 256

/* PATH is below the root, without a slash in front; NUMBER counts from 1. */
typedef void config_line(
	void *context, const char *path, unsigned number, const char *line);

/*
 * Calls EACH for every line of a file below ROOT that says something. What begins with #
 * does not, and what follows a # that a blank precedes is cut off. A backslash at the end
 * joins the next line to it.
 */
void config_lines_of_file(int root, const char *path, config_line *each, void *context);

/* The same for every file of a folder whose name ends with END, in byte order. */
void config_lines_of_folder(
	int root, const char *folder, const char *end, config_line *each, void *context);

/* Whether TEXT has WORD, of letters, digits, '-' and '_', of which the last two are the
 * same, between other bytes. */
bool config_has_word(const char *text, const char *word);
