/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fnmatch.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static unsigned char take_literal(const char **at)
{
	if (**at == '\\' && (*at)[1])
		++*at;
	return (unsigned char)*(*at)++;
}

/* Behind the bracket that closes the one at PATTERN, or NULL. */
static const char *find_end(const char *pattern)
{
	const char *at = pattern + 1;

	if (*at == '!' || *at == '^')
		at++;
	do {
		if (!*at)
			return NULL;
		take_literal(&at);
	} while (*at != ']');
	return at + 1;
}

static bool in_set(const char *pattern, const char *end, unsigned char byte)
{
	const char *at = pattern + 1;
	bool negated = *at == '!' || *at == '^', found = false;

	if (negated)
		at++;
	while (at < end - 1) {
		unsigned char first = take_literal(&at), last = first;

		if (*at == '-' && at + 1 < end - 1) {
			at++;
			last = take_literal(&at);
		}
		found |= first <= byte && byte <= last;
	}
	return found != negated;
}

/* Whether the element at *PATTERN, no "*", is BYTE; *PATTERN is then behind it. */
static bool matches_one(const char **pattern, unsigned char byte)
{
	const char *end = **pattern == '[' ? find_end(*pattern) : NULL;
	bool matches;

	if (!**pattern)
		return false;
	if (end) {
		matches = in_set(*pattern, end, byte);
		*pattern = end;
		return matches;
	}
	if (**pattern == '?') {
		++*pattern;
		return true;
	}
	return take_literal(pattern) == byte;
}

int fnmatch_bytes(const char *pattern, const char *text, int flags)
{
	/* Behind the last "*", and what is tried there. */
	const char *star = NULL, *from = NULL;

	(void)flags;
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (matches_one(&pattern, (unsigned char)*text)) {
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return FNM_NOMATCH;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern ? FNM_NOMATCH : 0;
}
