/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ESCAPED_LENGTH 4 /* \xNN */

static size_t put(char *out, size_t size, size_t used, unsigned char c, bool escaped)
{
	if (escaped)
		return used + (size_t)snprintf(out + used, size - used, "\\x%02x", c);
	out[used] = (char)c;
	return used + 1;
}

static bool is_escaped(unsigned char c)
{
	return c < ' ' || c > '~' || c == '"' || c == '\\';
}

static bool all_fits(const char *text, size_t length, size_t size)
{
	size_t need = 1;

	for (size_t i = 0; i < length && need <= size; i++)
		need += is_escaped((unsigned char)text[i]) ? ESCAPED_LENGTH : 1;
	return need <= size;
}

size_t quote_text(const char *text, size_t length, char *out, size_t size)
{
	static const char more[] = "...";
	size_t reserve = all_fits(text, length, size) ? 0 : strlen(more);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		size_t need = is_escaped(c) ? ESCAPED_LENGTH : 1;

		if (used + need + reserve + 1 > size)
			break;
		used = put(out, size, used, c, is_escaped(c));
	}
	if (reserve > 0 && used + reserve + 1 <= size) {
		memcpy(out + used, more, reserve);
		used += reserve;
	}
	out[used] = '\0';
	return used;
}

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0U) == 0x80U;
}

/*
 * The length of the UTF-8 sequence at TEXT, by table 3-7 of the Unicode standard; 0 where
 * there is none, and for the control characters U+0080 to U+009F.
 */
static size_t utf8_length(const unsigned char *text)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (length == 1)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first == 0xc2 || first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(text[i]))
			return 0;
	return length;
}

size_t escape_controls(const char *text, char *out, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0;

	while (*at) {
		size_t length = *at < ' ' || *at == 0x7f ? 0 : utf8_length(at);

		if (used + (length > 0 ? length : ESCAPED_LENGTH) + 1 > size)
			break;
		if (length == 0) {
			used = put(out, size, used, *at++, true);
			continue;
		}
		memcpy(out + used, at, length);
		used += length;
		at += length;
	}
	out[used] = '\0';
	return used;
}
