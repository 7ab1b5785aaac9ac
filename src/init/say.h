/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of the kernel log, put together from its pieces; without printf(3), which
 * would be most of this program.
 */
#pragma once

#include <stddef.h>

#define SAY_BYTES_MAX 512 /* what is longer is cut */

struct line {
	char text[SAY_BYTES_MAX];
	size_t length;
};

enum say_level { SAY_ERROR = 3, SAY_WARNING = 4 };

/* Begins a line with the level, our facility (daemon) and our name. */
void line_begin(struct line *line, enum say_level level);
void line_add(struct line *line, const char *text);
void line_add_number(struct line *line, unsigned number);

/*
 * Writes the line to the kernel log by the first of these that can be opened: /dev/kmsg,
 * and the same in our own tree; else to the standard error, which is the console.
 */
void line_say(struct line *line);
