/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "words.h"

#include <stdio.h>
#include <string.h>

#define INDENT 2

/* The first byte of every character but not those that continue it. */
static size_t columns(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

size_t words_width(const char *text)
{
	size_t widest = 0;

	while (*text) {
		size_t length = strcspn(text, "\n"), width = columns(text, length);

		widest = width > widest ? width : widest;
		text += length + (text[length] == '\n');
	}
	return widest;
}

/* The bytes of as many characters as fit into WIDTH, at least one. */
static size_t room(const char *word, size_t length, size_t width)
{
	size_t fits = 1;

	while (fits < length && columns(word, fits + 1) <= width)
		fits++;
	while (fits < length && ((unsigned char)word[fits] & 0xc0) == 0x80)
		fits++;
	return fits;
}

static void break_line(FILE *out, const char *line, size_t length, size_t width)
{
	size_t used = 0;

	for (size_t at = 0; at < length;) {
		size_t word = strcspn(line + at, " \n"), wide;

		if (at + word > length)
			word = length - at;
		wide = columns(line + at, word);
		if (wide + INDENT > width) {
			word = room(line + at, word, width - INDENT);
			wide = columns(line + at, word);
		}
		if (used > 0 && used + 1 + wide > width) {
			fprintf(out, "\n%*s", INDENT, "");
			used = INDENT;
		} else if (used > 0) {
			fputc(' ', out);
			used++;
		}
		fwrite(line + at, 1, word, out);
		used += wide;
		at += word;
		while (at < length && line[at] == ' ')
			at++;
	}
}

char *words_break(const char *text, size_t width)
{
	char *broken = NULL;
	size_t size;
	FILE *out = open_memstream(&broken, &size);

	if (!out)
		return NULL;
	while (*text) {
		size_t length = strcspn(text, "\n");

		break_line(out, text, length, width);
		text += length;
		if (*text) {
			fputc('\n', out);
			text++;
		}
	}
	return fclose(out) == 0 ? broken : NULL;
}
