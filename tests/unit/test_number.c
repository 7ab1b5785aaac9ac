/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#define UNTOUCHED 0xdeadbeefU

struct row {
	const char *text;
	unsigned base;
	uint64_t max;
	int r;
	uint64_t value;
};

static void check(const struct row *row)
{
	uint64_t value = UNTOUCHED;
	int r = number_parse(row->text, strlen(row->text), row->base, row->max, &value);

	if (r != row->r || value != (r == 0 ? row->value : UNTOUCHED))
		fail_msg("\"%s\" base %u: %d, %llu", row->text, row->base, r,
			(unsigned long long)value);
}

static void test_values(void **state)
{
	static const struct row rows[] = {
		{"0", 10, 9, 0, 0},
		{"000", 10, 0, 0, 0},
		{"7", 8, 7, 0, 7},
		{"255", 10, 255, 0, 255},
		{"ff", 16, 255, 0, 255},
		{"FF", 16, 255, 0, 255},
		{"aB09", 16, 0xffff, 0, 0xab09},
		{"00000000000000000000000000000001", 10, 1, 0, 1},
		{"18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX},
		{"ffffffffffffffff", 16, UINT64_MAX, 0, UINT64_MAX},
		{"101", 2, 5, 0, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_not_a_number(void **state)
{
	static const struct row rows[] = {
		{"", 10, 9, -EINVAL, 0},
		{" 1", 10, 9, -EINVAL, 0},
		{"1 ", 10, 99, -EINVAL, 0},
		{"+1", 10, 9, -EINVAL, 0},
		{"-1", 10, 9, -EINVAL, 0},
		{"0x1", 16, 99, -EINVAL, 0},
		{"a", 10, 99, -EINVAL, 0},
		{"8", 8, 99, -EINVAL, 0},
		{"g", 16, 99, -EINVAL, 0},
		{"/", 16, 99, -EINVAL, 0},
		{":", 16, 99, -EINVAL, 0},
		{"@", 16, 99, -EINVAL, 0},
		{"`", 16, 99, -EINVAL, 0},
		{"1\n", 10, 99, -EINVAL, 0},
		{"\xd9\xa1", 10, 99, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_above_max(void **state)
{
	static const struct row rows[] = {
		{"5", 10, 1, -ERANGE, 0},
		{"1", 10, 0, -ERANGE, 0},
		{"10", 10, 9, -ERANGE, 0},
		{"256", 10, 255, -ERANGE, 0},
		{"f", 16, 2, -ERANGE, 0},
		{"100", 16, 255, -ERANGE, 0},
		{"18446744073709551616", 10, UINT64_MAX, -ERANGE, 0},
		{"18446744073709551625", 10, UINT64_MAX, -ERANGE, 0},
		{"10000000000000000", 16, UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999999", 10, UINT64_MAX, -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

/* The span ends where its length says, and NUL is no digit. */
static void test_span(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(number_parse("1234", 2, 10, 99, &value), 0);
	assert_int_equal(value, 12);
	value = UNTOUCHED;
	assert_int_equal(number_parse("1\0002", 3, 10, 999, &value), -EINVAL);
	assert_int_equal(value, UNTOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_not_a_number),
		cmocka_unit_test(test_above_max),
		cmocka_unit_test(test_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
