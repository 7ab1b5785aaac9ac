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

size_t quote_text(const char *text, size_t length, char *out, size_t size)
{
	static const char more[] = "...";
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		bool escaped = c < ' ' || c > '~' || c == '"' || c == '\\';
		size_t need = escaped ? ESCAPED_LENGTH : 1;
		size_t reserve = i + 1 < length ? strlen(more) : 0;

		if (used + need + reserve + 1 > size) {
			if (used + strlen(more) + 1 <= size) {
				memcpy(out + used, more, strlen(more));
				used += strlen(more);
			}
			break;
		}
		used = put(out, size, used, c, escaped);
	}
	out[used] = '\0';
	return used;
}

size_t escape_controls(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool escaped = c < ' ' || c == 0x7f;

		if (used + (escaped ? ESCAPED_LENGTH : 1) + 1 > size)
			break;
		used = put(out, size, used, c, escaped);
	}
	out[used] = '\0';
	return used;
}
