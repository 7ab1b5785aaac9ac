/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/vfio_use.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static struct fake fake;
static char user[VFIO_USE_TEXT_MAX];

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	fake_open_file(&fake, 12, 0, "/dev/null");
	fake_open_file(&fake, 12, 1, "/dev/vfio/vfio");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

static int find(int group)
{
	const struct pci_function function = {.address = {.bus = 1}, .group = group};

	strcpy(user, "untouched");
	return vfio_use_find(fake.root, &function, user);
}

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(find(1), 0);
	fake_open_file(&fake, 13, 4, "/dev/vfio/14");
	assert_int_equal(find(1), 0);
	assert_int_equal(find(140), 0);
	assert_int_equal(find(MACHINE_GROUP_NONE), 0);
	assert_string_equal(user, "untouched");
}

static void test_group(void **state)
{
	(void)state;
	fake_open_file(&fake, 13, 4, "/dev/vfio/14");
	fake_file(&fake, "proc/13/comm", "qemu-system-x86\n");
	assert_int_equal(find(14), 1);
	assert_string_equal(user, "process 13 (qemu-system-x86) has /dev/vfio/14 open");
}

static void test_name(void **state)
{
	(void)state;
	fake_open_file(&fake, 13, 4, "/dev/vfio/14");
	assert_int_equal(find(14), 1);
	assert_string_equal(user, "process 13 (?) has /dev/vfio/14 open");
	fake_file(&fake, "proc/13/comm", "a\x1b[2Jb\n");
	assert_int_equal(find(14), 1);
	assert_string_equal(user, "process 13 (a\\x1b[2Jb) has /dev/vfio/14 open");
}

static void test_device(void **state)
{
	(void)state;
	fake_open_file(&fake, 13, 4, "/dev/vfio/devices/vfio3");
	assert_int_equal(find(14), 0);
	fake_directory(&fake, "sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio3");
	assert_int_equal(find(14), 1);
	assert_string_equal(user, "process 13 (?) has /dev/vfio/devices/vfio3 open");
}

static void test_unknown(void **state)
{
	(void)state;
	fake_file(&fake, "proc/13/fd", "not a folder");
	assert_int_equal(find(14), -ENOTDIR);
	fake_remove(&fake, "proc/13/fd");
	assert_int_equal(find(14), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nobody),
		test(test_group),
		test(test_name),
		test(test_device),
		test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
