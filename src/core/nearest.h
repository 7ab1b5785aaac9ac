/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which known word was meant by one with a slip of the keys in it.
 *
 * The distance counts letters put in, left out, changed, and neighbours swapped. Returns
 * the first of the nearest of COUNT words, or NULL where even that one is further away
 * than a third of its letters, rounded up.
 */
#pragma once

#include <stddef.h>

#define NEAREST_WORD_MAX 32 /* what is longer is near nothing */

const char *nearest_word(const char *word, const char *const *known, size_t count);
