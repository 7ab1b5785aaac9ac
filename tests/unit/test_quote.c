/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void test_quote(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		size_t size;
		const char *quoted;
	} rows[] = {
		{"", 0, 1, ""},
		{"", 0, 80, ""},
		{"plain text ~!", 13, 80, "plain text ~!"},
		{"a\"b\\c", 5, 80, "a\\x22b\\x5cc"},
		{"\n\t\x1b[0m\x7f", 7, 80, "\\x0a\\x09\\x1b[0m\\x7f"},
		{"a\0b", 3, 80, "a\\x00b"},
		{"\xc3\xa9\xff", 3, 80, "\\xc3\\xa9\\xff"},
		{"abcdefgh", 8, 8, "abcd..."},
		{"abcdefgh", 8, 5, "a..."},
		{"abcdefgh", 8, 4, "..."},
		{"abcdefgh", 8, 3, ""},
		{"a\n\n", 3, 8, "a..."},
		{"abc\xff"
		 "def",
			7, 10, "abc..."},
		{"x", 1, 1, ""},
		{"x", 1, 2, "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[80];
		size_t length =
			quote_text(rows[i].text, rows[i].length, out, rows[i].size);

		assert_string_equal(out, rows[i].quoted);
		assert_int_equal(length, strlen(rows[i].quoted));
	}
}

/* "..." says that something is missing: not where all of it fits. */
static void test_quote_exact_fit(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *quoted;
	} rows[] = {
		{"abcdefgh", 9, "abcdefgh"},
		{"abcdefgh", 10, "abcdefgh"},
		{"abcdefgh", 11, "abcdefgh"},
		{"abcdefgh", 12, "abcdefgh"},
		{"abc", 4, "abc"},
		{"a\nb", 7, "a\\x0ab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[80];

		quote_text(rows[i].text, strlen(rows[i].text), out, rows[i].size);
		assert_string_equal(out, rows[i].quoted);
	}
}

/* Every length into every size, in a buffer of just that size: see with ASan. */
static void test_quote_bounds(void **state)
{
	char text[24];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 3 == 2 ? '\n' : 'a';
	for (size_t length = 0; length <= sizeof(text); length++) {
		for (size_t size = 1; size < 80; size++) {
			char *out = malloc(size);
			size_t used = quote_text(text, length, out, size);

			assert_true(used < size);
			assert_int_equal(strlen(out), used);
			free(out);
		}
	}
}

static void test_escape(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *escaped;
	} rows[] = {
		{"", 1, ""},
		{"plain \"text\" \\ %", 80, "plain \"text\" \\ %"},
		{"a\nb\rc\td", 80, "a\\x0ab\\x0dc\\x09d"},
		{"\x1b[31m\x7f", 80, "\\x1b[31m\\x7f"},
		{"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", 80,
			"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"abcdef", 4, "abc"},
		{"ab\ncd", 6, "ab"},
		{"ab\ncd", 7, "ab\\x0a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[80];
		size_t used = escape_controls(rows[i].text, out, rows[i].size);

		assert_string_equal(out, rows[i].escaped);
		assert_int_equal(used, strlen(rows[i].escaped));
	}
}

/* C1 controls are control characters too: U+009B begins a terminal sequence. */
static void test_escape_c1_controls(void **state)
{
	char out[80];

	(void)state;
	escape_controls("a\xc2\x9b"
			"31mb\xc2\x85",
		out, sizeof(out));
	assert_string_equal(out, "a\\xc2\\x9b31mb\\xc2\\x85");
}

/* Only what UTF-8 allows is kept: a file name may hold any byte. */
static void test_escape_invalid_utf8(void **state)
{
	static const struct {
		const char *text;
		const char *escaped;
	} rows[] = {
		{"a\xff"
		 "b",
			"a\\xffb"},
		{"a\x9b"
		 "b",
			"a\\x9bb"},
		{"cut \xe2\x82", "cut \\xe2\\x82"},
		{"\xc3(", "\\xc3("},
		{"\xc0\xaf", "\\xc0\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[80];

		escape_controls(rows[i].text, out, sizeof(out));
		assert_string_equal(out, rows[i].escaped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_exact_fit),
		cmocka_unit_test(test_quote_bounds),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_c1_controls),
		cmocka_unit_test(test_escape_invalid_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
