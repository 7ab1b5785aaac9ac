/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --problems prints for whoever makes an image. */
#include "boot/problems.h"

#include "core/config.h"
#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct fake fake;
static char *said;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(said);
	said = NULL;
	fake_end(&fake);
	return 0;
}

static void print(void)
{
	size_t size;
	FILE *out;

	free(said);
	said = NULL;
	out = open_memstream(&said, &size);
	assert_non_null(out);
	assert_int_equal(problems_print(fake.path, out), 0);
	assert_int_equal(fclose(out), 0);
}

static size_t lines(void)
{
	size_t count = 0;

	for (const char *at = said; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

static void test_none(void **state)
{
	(void)state;
	print();
	assert_string_equal(said, "");
	/* What matches nothing is no mistake of the config itself; nor is the command
	 * line that of the next boot. */
	fake_file(&fake, "etc/vfio-early.conf", "# none\n05:00.0 id=1:2\n");
	fake_file(&fake, "proc/cmdline", "vfio_early.take=nonsense\n");
	print();
	assert_string_equal(said, "");
}

static void test_lines(void **state)
{
	(void)state;
	fake_file(&fake, "etc/vfio-early.conf",
		"01:00.0 wiht=slot\n02:00.0\n\tnon\033sense\n");
	fake_file(&fake, "etc/vfio-early.conf.d/a.conf", "with=slot\n");
	print();
	assert_int_equal(lines(), 3);
	assert_contains(said, "/etc/vfio-early.conf:1:9: \"wiht=slot\": unknown term; "
			      "expected an address");
	assert_contains(said, "\n/etc/vfio-early.conf:3:2: \"non\\x1bsense\": ");
	assert_contains(said, "\n/etc/vfio-early.conf.d/a.conf:1:");
}

/* However many there are. */
static void test_many(void **state)
{
	char text[(CONFIG_PROBLEMS_MAX + 7) * 2 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? '\n' : 'x';
	text[sizeof(text) - 1] = '\0';
	fake_file(&fake, "etc/vfio-early.conf", text);
	print();
	assert_int_equal(lines(), CONFIG_PROBLEMS_MAX + 1);
	assert_contains(said, "\n7 more problems of the config are not shown\n");
}

static void test_whole_file(void **state)
{
	(void)state;
	fake_link(&fake, "etc/vfio-early.conf", "nowhere");
	print();
	assert_int_equal(lines(), 1);
	assert_contains(said, "/etc/vfio-early.conf: ");
}

static void test_nowhere(void **state)
{
	(void)state;
	assert_int_equal(problems_print("/nowhere/at/all", stdout), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, begin, end),
		cmocka_unit_test_setup_teardown(test_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_whole_file, begin, end),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
