/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/device_request.h"

#include "cli/complain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16
#define EVERYTHING    (REQUEST_DRY_RUN | REQUEST_RULE | REQUEST_REBUILD | REQUEST_RESCAN)

static struct request request;
static char told[1024];

/* Reads a command line, with what is told to the user in *told*. */
static int read_words(unsigned has, const char *const *words)
{
	const struct request_reader reader = {.verb = "test", .usage = "", .has = has};
	static char *argv[ARGUMENTS_MAX];
	int argc = 0, saved = dup(STDERR_FILENO), r;
	FILE *file = tmpfile();
	size_t length;

	argv[argc++] = (char *)"test";
	while (*words)
		argv[argc++] = (char *)*words++;
	argv[argc] = NULL;
	assert_non_null(file);
	(void)dup2(fileno(file), STDERR_FILENO);
	r = request_read(&reader, argc, argv, &request);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	length = fread(told, 1, sizeof(told) - 1, file);
	told[length] = '\0';
	(void)fclose(file);
	return r;
}

#define READ(has, ...) read_words(has, (const char *const[]){__VA_ARGS__, NULL})

static void test_rules(void **state)
{
	(void)state;
	assert_true(READ(EVERYTHING, "01:00.0", "id=10de:* class=03", "--with=slot",
			    "--allow=network,storage") < 0);
	assert_int_equal(request.rule_count, 2);
	assert_string_equal(request.rules[0], "01:00.0 with=slot allow=network,storage");
	assert_string_equal(
		request.rules[1], "id=10de:* class=03 with=slot allow=network,storage");
	assert_int_equal(request.config.rule_count, 2);
	assert_int_equal(request.config.rules[1].widening, WIDEN_SLOT);
	assert_int_equal(request.config.rules[1].allow,
		GUARD_BIT(GUARD_NETWORK) | GUARD_BIT(GUARD_STORAGE));
	assert_true(request.has_options);
	assert_false(request.dry_run || request.rebuild || request.rescan);
	request_clear(&request);
}

static void test_switches(void **state)
{
	(void)state;
	assert_true(READ(EVERYTHING, "--dry-run", "--rebuild", "--rescan", "01:00.*",
			    "--quiet", "--sysroot=x") < 0);
	assert_true(request.dry_run && request.rebuild && request.rescan);
	assert_true(request.options.quiet);
	assert_string_equal(request.options.sysroot, "x");
	assert_false(request.has_options);
	assert_string_equal(request.rules[0], "01:00.*");
	request_clear(&request);
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(READ(0, "--help"), EXIT_SUCCESS);
	request_clear(&request);
}

static void refuse(unsigned has, const char *const *words, const char *why)
{
	assert_int_equal(read_words(has, words), EXIT_USAGE);
	if (!strstr(told, why))
		fail_msg("not \"%s\" but: %s", why, told);
	assert_non_null(strstr(told, "vfio-early test"));
	request_clear(&request);
}

#define REFUSE(has, why, ...)                                                            \
	refuse(has, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, why)

static void test_mistakes(void **state)
{
	(void)state;
	REFUSE(EVERYTHING, "expected a DEVICE");
	REFUSE(EVERYTHING, "\"nonsense\": not understood", "nonsense");
	REFUSE(EVERYTHING, "\"solt\": not understood", "01:00.0", "--with=solt");
	REFUSE(EVERYTHING, "second with=", "01:00.0 with=slot", "--with=group");
	REFUSE(EVERYTHING, "is no device", "01:00.0 # x");
	REFUSE(EVERYTHING, "is no device", "01:00.0\n02:00.0");
	REFUSE(EVERYTHING, "selects nothing", "with=slot");
	REFUSE(EVERYTHING, "did you mean --dry-run?", "01:00.0", "--dryrun");
	REFUSE(REQUEST_WITH, "there is no option --allow=network", "01:00.0",
		"--allow=network");
	REFUSE(0, "there is no option --with=slot", "01:00.0", "--with=slot");
}

static void test_values(void **state)
{
	(void)state;
	/* Or one option would bring in another one, which the verb may not have. */
	assert_int_equal(
		READ(REQUEST_WITH, "01:00.0", "--with=slot allow=network"), EXIT_USAGE);
	request_clear(&request);
	assert_int_equal(READ(EVERYTHING, "01:00.0", "--driver="), EXIT_USAGE);
	request_clear(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
