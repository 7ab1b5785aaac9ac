/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/errno_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#define EPROBE_DEFER 517

static void test_words(void **state)
{
	static const struct {
		enum step step;
		int error;
		const char *part;
	} rows[] = {
		{STEP_OVERRIDE, ENODEV, "gone"},
		{STEP_OVERRIDE, EROFS, "read-only"},
		{STEP_OVERRIDE, ETIMEDOUT, "never returned"},
		{STEP_LOAD, ENOENT, "rebuild the image"},
		{STEP_LOAD, EPERM, "module_blacklist="},
		{STEP_LOAD, EKEYREJECTED, "signature"},
		{STEP_LOAD, ECANCELED, "modprobe.blacklist="},
		{STEP_LOAD, EACCES, "install"},
		{STEP_LOAD, ENXIO, "driver="},
		{STEP_UNBIND, EBUSY, "still on the device"},
		{STEP_UNBIND, ETIMEDOUT, "did not let go"},
		{STEP_BIND, EINVAL, "IOMMU group"},
		{STEP_BIND, EBUSY, "another driver"},
		{STEP_BIND, ENODEV, "does not want it"},
		{STEP_BIND, EPROBE_DEFER, "again later"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words = errno_words(rows[i].step, rows[i].error);

		if (!strstr(words, rows[i].part))
			fail_msg("step %d errno %d: %s", rows[i].step, rows[i].error,
				words);
		assert_string_equal(errno_words(rows[i].step, -rows[i].error), words);
	}
}

/* One number means different things to different steps. */
static void test_step_matters(void **state)
{
	(void)state;
	assert_string_not_equal(
		errno_words(STEP_LOAD, EINVAL), errno_words(STEP_BIND, EINVAL));
	assert_string_not_equal(
		errno_words(STEP_OVERRIDE, EINVAL), errno_words(STEP_BIND, EINVAL));
	assert_string_not_equal(
		errno_words(STEP_UNBIND, EBUSY), errno_words(STEP_BIND, EBUSY));
}

static void test_never_null(void **state)
{
	(void)state;
	for (int step = STEP_OVERRIDE; step <= STEP_BIND; step++) {
		for (int error = -600; error <= 600; error++) {
			const char *words = errno_words((enum step)step, error);

			assert_non_null(words);
			assert_true(strlen(words) > 0 && strlen(words) < 200);
		}
	}
	assert_non_null(strstr(errno_words(STEP_BIND, 0), "no error"));
	assert_string_equal(errno_words(STEP_BIND, -ENOSPC), strerror(ENOSPC));
	assert_non_null(errno_words(STEP_LOAD, INT_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_step_matters),
		cmocka_unit_test(test_never_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
