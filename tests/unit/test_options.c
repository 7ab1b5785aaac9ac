/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include "cli/complain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 8
#define OWN           256
#define GOES_ON       (-1)

static const char *taken;

static int take(void *context, int option, const char *value)
{
	(void)context;
	assert_int_equal(option, OWN);
	taken = value;
	return strcmp(value, "bad") == 0 ? EXIT_USAGE : 0;
}

static int read_words(unsigned shared, int operands_max, struct options *options,
	const char *const *words)
{
	static const struct option own[] = {
		{"own", required_argument, NULL, OWN}, {NULL, 0, NULL, 0}};
	const struct option_reader reader = {.verb = "test",
		.usage = "Usage: test\n",
		.shared = shared,
		.own = own,
		.take = take,
		.operands_max = operands_max};
	static char *argv[ARGUMENTS_MAX];
	int argc = 0;

	argv[argc++] = "test";
	while (*words)
		argv[argc++] = (char *)*words++;
	argv[argc] = NULL;
	taken = NULL;
	return options_read(&reader, argc, argv, options);
}

#define READ(shared, operands, options, ...)                                             \
	read_words(shared, operands, options, (const char *const[]){__VA_ARGS__, NULL})

#define ALL (OPTIONS_SYSROOT | OPTIONS_JSON)

static void test_shared(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(
		READ(ALL, 0, &options, "--sysroot=x", "--json", "--quiet", "--no-color"),
		GOES_ON);
	assert_string_equal(options.sysroot, "x");
	assert_true(options.json && options.quiet && options.no_colour);
	assert_int_equal(options.operand_count, 0);
	assert_null(options.operands[0]);
	assert_int_equal(READ(0, 0, &options, "--json"), EXIT_USAGE);
	assert_int_equal(READ(0, 0, &options, "--sysroot=x"), EXIT_USAGE);
}

static void test_own(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(READ(0, 0, &options, "--own", "value"), GOES_ON);
	assert_string_equal(taken, "value");
	assert_int_equal(READ(0, 0, &options, "--own=bad"), EXIT_USAGE);
}

static void test_operands(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(READ(0, 2, &options, "a", "--quiet", "b"), GOES_ON);
	assert_int_equal(options.operand_count, 2);
	assert_string_equal(options.operands[0], "a");
	assert_string_equal(options.operands[1], "b");
	assert_int_equal(READ(0, 1, &options, "a", "b"), EXIT_USAGE);
}

/* Whatever else there is, as long as its options are known. */
static void test_help(void **state)
{
	struct options options = {.sysroot = "before"};

	(void)state;
	assert_int_equal(READ(0, 0, &options, "a", "--help"), EXIT_SUCCESS);
	assert_int_equal(READ(0, 0, &options, "--help", "--json"), EXIT_USAGE);
	assert_string_equal(options.sysroot, "before");
}

static void test_mistakes(void **state)
{
	struct options options = {.sysroot = "before"};

	(void)state;
	assert_int_equal(READ(ALL, 0, &options, "--sysrot=x"), EXIT_USAGE);
	assert_int_equal(READ(ALL, 0, &options, "-x"), EXIT_USAGE);
	assert_int_equal(READ(ALL, 0, &options, "--sysroot"), EXIT_USAGE);
	assert_int_equal(READ(ALL, 0, &options, "--json=x"), EXIT_USAGE);
	assert_string_equal(options.sysroot, "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
