/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "number.h"

#include <errno.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int number_parse(
	const char *text, size_t length, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (length == 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		int digit = digit_value(text[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return -EINVAL;
		if (value > (max - (uint64_t)digit) / base)
			return -ERANGE;
		value = value * base + (uint64_t)digit;
		if (value > max)
			return -ERANGE;
	}
	*ret = value;
	return 0;
}
