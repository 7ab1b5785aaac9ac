/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void expect(const char *text, size_t width, const char *broken)
{
	char *found = words_break(text, width);

	assert_non_null(found);
	assert_string_equal(found, broken);
	free(found);
}

static void test_break(void **state)
{
	(void)state;
	expect("", 10, "");
	expect("one two", 10, "one two");
	expect("one two three", 10, "one two\n  three");
	expect("one two three four", 10, "one two\n  three\n  four");
	expect("one two thre four", 11, "one two\n  thre four");
	expect("exactly ten", 11, "exactly ten");
	expect("one\ntwo three four", 9, "one\ntwo three\n  four");
	expect("one\n", 9, "one\n");
	expect("unbreakable-word a", 10, "unbreaka\n  ble-word\n  a");
	expect("an unbreakable-word", 10, "an\n  unbreaka\n  ble-word");
	expect("two  spaces", 20, "two spaces");
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(words_width(""), 0);
	assert_int_equal(words_width("abc"), 3);
	assert_int_equal(words_width("abc\nabcd\nab"), 4);
	assert_int_equal(words_width("\xc3\xa4\xc3\xb6"), 2);
	expect("\xc3\xa4\xc3\xb6 x", 4, "\xc3\xa4\xc3\xb6 x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
