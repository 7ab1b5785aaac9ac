/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config_edit.h"

#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\xef\xbb\xbf"

#define LINES(...)                                                                       \
	((const unsigned[]){__VA_ARGS__}),                                               \
		sizeof((unsigned[]){__VA_ARGS__}) / sizeof(unsigned)
#define NO_LINES NULL, 0

static void check(const char *before, const unsigned *removed, size_t removed_count,
	const char *added, const char *expected)
{
	const struct config_edit edit = {.removed = removed,
		.removed_count = removed_count,
		.added = &added,
		.added_count = added != NULL};
	char *after = NULL;
	size_t length = 0;

	assert_int_equal(config_edit(before, strlen(before), &edit, &after, &length), 0);
	assert_string_equal(after, expected);
	assert_int_equal(length, strlen(expected));
	free(after);
}

static void test_add(void **state)
{
	(void)state;
	check("", NO_LINES, "new", "new\n");
	check("# only this\n", NO_LINES, "new", "# only this\nnew\n");
	check("\n\n", NO_LINES, "new", "\n\nnew\n");
	/* What does not parse, and what looks odd, stays. */
	check("  01:00.0\t # x\n???\n\x01\xff\n", NO_LINES, "new",
		"  01:00.0\t # x\n???\n\x01\xff\nnew\n");
}

static void test_last_line_without_end(void **state)
{
	(void)state;
	check("one\ntwo", NO_LINES, "new", "one\ntwo\nnew\n");
	check("# comment", NO_LINES, "new", "# comment\nnew\n");
	/* Nothing is put behind it where nothing is added. */
	check("one\ntwo", NO_LINES, NULL, "one\ntwo");
	check("one\ntwo", LINES(2), NULL, "one\n");
	check("one\ntwo", LINES(1), NULL, "two");
	check("one\ntwo", LINES(2), "new", "one\nnew\n");
}

static void test_carriage_returns(void **state)
{
	(void)state;
	check("one\r\n", NO_LINES, "new", "one\r\nnew\r\n");
	check("one\r\ntwo", NO_LINES, "new", "one\r\ntwo\r\nnew\r\n");
	check("one\r\ntwo\n", NO_LINES, "new", "one\r\ntwo\nnew\n");
	check("one\r\n", LINES(1), "new", "new\r\n");
	check("\r", NO_LINES, "new", "\r\nnew\n");
	/* A last line that has the one and not the other. */
	check("one\r\ntwo\r", NO_LINES, "new", "one\r\ntwo\r\nnew\r\n");
}

static void test_byte_order_mark(void **state)
{
	(void)state;
	check(MARK "one\n", LINES(1), NULL, MARK);
	check(MARK "one\n", LINES(1), "new", MARK "new\n");
	check(MARK, NO_LINES, "new", MARK "new\n");
	check(MARK "one", NO_LINES, "new", MARK "one\nnew\n");
	/* What was no mark does not become one, which would make a rule of what was none.
	 */
	check("???\n" MARK "01:00.0\n", LINES(1), NULL, MARK MARK "01:00.0\n");
	check("???\n" MARK, LINES(1), "new", MARK MARK "\nnew\n");
}

static void test_remove(void **state)
{
	(void)state;
	check("one\ntwo\nthree\n", LINES(2), NULL, "one\nthree\n");
	check("one\ntwo\nthree\n", LINES(3, 1), NULL, "two\n");
	check("one\ntwo\nthree\n", LINES(1, 1), NULL, "two\nthree\n");
	check("one\n\n# c\n", LINES(1), NULL, "\n# c\n");
	check("one\n", LINES(1), NULL, "");
}

static void refuse(const char *before, unsigned line, const char *added, int error)
{
	const struct config_edit edit = {.removed = &line,
		.removed_count = line != 99,
		.added = &added,
		.added_count = added != NULL};
	char *after = (char *)"untouched";
	size_t length = 7;

	assert_int_equal(
		config_edit(before, strlen(before), &edit, &after, &length), error);
	assert_string_equal(after, "untouched");
	assert_int_equal(length, 7);
}

static void test_impossible(void **state)
{
	(void)state;
	refuse("one\n", 2, NULL, -EINVAL);
	refuse("one\n", 0, NULL, -EINVAL);
	refuse("", 1, NULL, -EINVAL);
	refuse("one\n", 99, "two\nthree", -EINVAL);
	refuse("one\n", 99, "two\r", -EINVAL);
}

static void test_too_large(void **state)
{
	char *before = malloc(CONFIG_FILE_BYTES_MAX + 1);

	(void)state;
	assert_non_null(before);
	memset(before, '#', CONFIG_FILE_BYTES_MAX);
	before[CONFIG_FILE_BYTES_MAX - 5] = '\0';
	before[CONFIG_FILE_BYTES_MAX - 6] = '\n';
	refuse(before, 99, "12345", -EFBIG);
	before[CONFIG_FILE_BYTES_MAX - 6] = '\0';
	before[CONFIG_FILE_BYTES_MAX - 7] = '\n';
	refuse(before, 99, "123456", -EFBIG);
	free(before);
}

static void test_nul_bytes(void **state)
{
	static const char before[] = "one\0x\ntwo\n";
	const unsigned line = 2;
	const struct config_edit edit = {.removed = &line, .removed_count = 1};
	char *after;
	size_t length;

	(void)state;
	assert_int_equal(
		config_edit(before, sizeof(before) - 1, &edit, &after, &length), 0);
	assert_int_equal(length, 6);
	assert_memory_equal(after, "one\0x\n", 7);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_last_line_without_end),
		cmocka_unit_test(test_carriage_returns),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_impossible),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_nul_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
