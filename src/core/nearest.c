/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nearest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The distance of two words of at most NEAREST_WORD_MAX letters. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[NEAREST_WORD_MAX + 1][NEAREST_WORD_MAX + 1];

	for (size_t i = 0; i <= a_length; i++)
		rows[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++)
		for (size_t j = 1; j <= b_length; j++) {
			unsigned best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = least(best, rows[i - 1][j] + 1);
			best = least(best, rows[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				best = least(best, rows[i - 2][j - 2] + 1);
			rows[i][j] = best;
		}
	return rows[a_length][b_length];
}

const char *nearest_word(const char *word, const char *const *known, size_t count)
{
	size_t length = strnlen(word, NEAREST_WORD_MAX + 1);
	const char *nearest = NULL;
	unsigned best = 0;

	if (length > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t known_length = strnlen(known[i], NEAREST_WORD_MAX + 1);
		unsigned away;

		if (known_length > NEAREST_WORD_MAX)
			continue;
		away = distance(word, length, known[i], known_length);
		if (away <= (known_length + 2) / 3 && (!nearest || away < best)) {
			nearest = known[i];
			best = away;
		}
	}
	return nearest;
}
