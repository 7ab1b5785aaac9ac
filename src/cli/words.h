/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for people, broken between words. A character of UTF-8 counts as one column. */
#pragma once

#include <stddef.h>

/* Of the widest line. */
size_t words_width(const char *text);

/*
 * A copy in which no line is wider than WIDTH, which is more than 2. What continues a
 * line is set in by two columns. To be freed; NULL when out of memory.
 */
char *words_break(const char *text, size_t width);
