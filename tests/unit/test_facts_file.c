/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/facts_file.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static struct facts facts;
static struct findings findings;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	return 0;
}

static int end(void **state)
{
	(void)state;
	findings_clear(&findings);
	fake_end(&fake);
	return 0;
}

/* Reads, and expects one finding with these words; none for NULL. */
static void refuses(const char *words)
{
	findings_clear(&findings);
	assert_int_equal(facts_file_read(fake.root, &facts, &findings), 0);
	assert_int_equal(findings.count, words ? 1 : 0);
	if (words)
		assert_contains(findings.items[0].text, words);
}

static void test_unusable(void **state)
{
	(void)state;
	refuses(NULL);
	fake_file(&fake, FACTS_FILE, "no facts\n");
	refuses(":1 is not what --facts writes");
	fake_remove(&fake, FACTS_FILE);
	fake_directory(&fake, FACTS_FILE);
	refuses("cannot be read");
	fake_remove(&fake, FACTS_FILE);
	fake_bytes(&fake, FACTS_FILE, (8 << 20) + 1, '\n');
	refuses("is too large");
}

/* Another owner, or a file that others can write. */
static void test_trust(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	fake_file(&fake, FACTS_FILE, "no facts\n");
	assert_int_equal(fchmodat(fake.root, FACTS_FILE, 0664, 0), 0);
	refuses("can be changed by others than root");
	assert_int_equal(fchmodat(fake.root, FACTS_FILE, 0644, 0), 0);
	refuses(":1 is not what");
	assert_int_equal(fchownat(fake.root, FACTS_FILE, 1000, 0, 0), 0);
	refuses("can be changed by others than root");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_unusable),
		test(test_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
