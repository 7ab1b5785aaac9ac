/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rebuild.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct fake fake;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

static void program(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "usr/sbin/%s", name);
	fake_file(&fake, path, "");
}

/* The first two words of each command, divided by ", ". */
static void check(bool certain, const char *expected)
{
	struct rebuild rebuild;
	char text[256] = "";
	size_t used = 0;

	rebuild_find(fake.root, &rebuild);
	for (size_t i = 0; i < rebuild.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s",
			i > 0 ? ", " : "", rebuild.commands[i][0],
			rebuild.commands[i][1]);
	assert_string_equal(text, expected);
	assert_int_equal(rebuild.certain, certain);
}

static void test_none(void **state)
{
	(void)state;
	check(false, "");
}

static void test_debian(void **state)
{
	(void)state;
	program("update-initramfs");
	program("mkinitramfs");
	check(true, "update-initramfs -u");
}

/* There update-initramfs is dracut's. */
static void test_debian_with_dracut(void **state)
{
	(void)state;
	program("update-initramfs");
	program("dracut");
	check(true, "dracut --force");
}

static void test_fedora(void **state)
{
	(void)state;
	program("dracut");
	program("kernel-install");
	check(true, "dracut --force");
	fake_file(&fake, "etc/kernel/cmdline", "root=UUID=1 rdinit=/vfio-early/init\n");
	/* Its plugins are dracut and ours. */
	check(true, "kernel-install add-all");
}

static void test_arch(void **state)
{
	(void)state;
	fake_file(&fake, "usr/bin/mkinitcpio", "");
	check(true, "mkinitcpio -P");
	program("dracut");
	check(false, "dracut --force, mkinitcpio -P");
	fake_file(&fake, "etc/mkinitcpio.d/linux.preset", "");
	check(true, "mkinitcpio -P");
}

/* What is installed may have made nothing that boots. */
static void test_owner(void **state)
{
	(void)state;
	program("dracut");
	program("update-initramfs");
	program("mkinitramfs");
	check(false, "update-initramfs -u, dracut --force");
	fake_directory(&fake, "usr/lib/modules/6.1.0-test");
	fake_file(&fake, "boot/initrd.img-6.1.0-test", "");
	fake_file(&fake, "var/lib/initramfs-tools/6.1.0-test", "");
	check(true, "update-initramfs -u");
	fake_file(&fake, "boot/initramfs-6.1.0-test.img", "");
	check(false, "update-initramfs -u, dracut --force");
}

static void test_ostree(void **state)
{
	(void)state;
	program("dracut");
	program("rpm-ostree");
	check(true, "dracut --force");
	fake_file(&fake, "run/ostree-booted", "");
	check(false, "rpm-ostree initramfs-etc, rpm-ostree initramfs-etc");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_none),
		test(test_debian),
		test(test_debian_with_dracut),
		test(test_fedora),
		test(test_arch),
		test(test_owner),
		test(test_ostree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
