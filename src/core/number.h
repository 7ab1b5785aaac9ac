/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where text becomes a number.
 *
 * The whole span has to be digits of the base: no sign, no white space, no prefix.
 * Returns 0, -EINVAL (empty, or something that is no digit) or -ERANGE (above max);
 * *ret is written only on success.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a digit stands for, letters being those of bases above 10, to 'f'; UINT_MAX for
 * what is none. */
unsigned number_digit(char c);

int number_parse(
	const char *text, size_t length, unsigned base, uint64_t max, uint64_t *ret);
