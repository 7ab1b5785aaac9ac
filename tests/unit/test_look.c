/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the verbs that look at a system end where there is none to look at. */
#include "cli/capture.h"
#include "cli/check.h"
#include "cli/complain.h"
#include "cli/list.h"
#include "cli/status.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 3

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	int nothing; /* the exit status where there is nothing to look at */
} verbs[] = {
	{"list", list_main, EXIT_FAILURE},
	{"status", status_main, EXIT_FAILURE},
	{"check", check_main, 2},
	{"capture", capture_main, EXIT_FAILURE},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int run(const struct verb *verb, const char *option)
{
	char words[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1] = {words[0], words[1], words[2]};

	snprintf(words[0], sizeof(words[0]), "%s", verb->name);
	snprintf(words[1], sizeof(words[1]), "--quiet");
	snprintf(words[2], sizeof(words[2]), "%s", option);
	return verb->run(WORDS_MAX, argv);
}

static void test_no_system(void **state)
{
	struct fake fake;
	char empty[256], no_capture[256];

	(void)state;
	fake_begin(&fake);
	fake_file(&fake, "file", "something\n");
	fake_directory(&fake, "empty");
	snprintf(empty, sizeof(empty), "--sysroot=%s/empty", fake.path);
	snprintf(no_capture, sizeof(no_capture), "--sysroot=%s/file", fake.path);
	for (size_t i = 0; i < VERBS; i++) {
		assert_int_equal(
			run(&verbs[i], "--sysroot=/nowhere/at/all"), verbs[i].nothing);
		assert_int_equal(run(&verbs[i], no_capture), verbs[i].nothing);
		assert_int_equal(run(&verbs[i], empty), verbs[i].nothing);
	}
	fake_end(&fake);
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERBS; i++) {
		assert_int_equal(run(&verbs[i], "--sysrot=/"), EXIT_USAGE);
		assert_int_equal(run(&verbs[i], "operand"), EXIT_USAGE);
		assert_int_equal(run(&verbs[i], "--help"), EXIT_SUCCESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_system),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
