/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/seen.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const rows[] = {"00:1f.0 8086:1 060100 - -",
	"01:00.0 10de:2206 030000 1 -", "01:00.1 10de:1aef 040300 1 -",
	"02:00.0 8086:1533 020000 2 - unreadable",
	"03:00.0 8086:1533 020000 3 - unresponsive", NULL};

static struct fake fake;
static char folder[128];
static struct machine machine;
static struct seen seen;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	snprintf(folder, sizeof(folder), "%s/run-vfio-early", fake.path);
	machine_build(&machine, rows);
	for (size_t i = 0; i < machine.count; i++)
		machine.functions[i].node = 100 + i;
	return 0;
}

static int end(void **state)
{
	(void)state;
	seen_clear(&seen);
	machine_clear(&machine);
	fake_end(&fake);
	return 0;
}

static void read_again(void)
{
	seen_clear(&seen);
	assert_int_equal(seen_read(folder, &seen), 0);
}

static bool has(const char *text, uint64_t node)
{
	struct pci_address address = address_of(text);

	return seen_has(&seen, &address, node);
}

static bool waits(const char *text, uint64_t node)
{
	struct pci_address address = address_of(text);

	return seen_waits(&seen, &address, node);
}

/* What the udev rule asks. */
static bool is_named(const char *address)
{
	char path[256];
	struct stat status;

	snprintf(path, sizeof(path), "%s/seen/%s", folder, address);
	return stat(path, &status) == 0;
}

static void add(const char *text, uint64_t node, bool waiting)
{
	const struct seen_function function = {
		.address = address_of(text), .node = node, .waits = waiting};

	assert_int_equal(seen_add(folder, &function, 1), 0);
}

/* A rescue image: what is noted then would be taken for a boot run's. */
static void test_no_boot_run(void **state)
{
	(void)state;
	read_again();
	assert_false(seen.any);
	assert_false(has("01:00.0", 101));
	add("01:00.0", 101, false);
	read_again();
	assert_false(seen.any);
	assert_int_equal(access(folder, F_OK), -1);
	/* The folder alone is made for reports, too. */
	assert_int_equal(mkdir(folder, 0755), 0);
	read_again();
	assert_false(seen.any);
}

static void test_boot_run(void **state)
{
	(void)state;
	machine.functions[2].waits = true;
	assert_int_equal(seen_write(folder, &machine), 0);
	read_again();
	assert_true(seen.any);
	assert_int_equal(seen.count, 4);
	assert_true(has("00:1f.0", 100));
	assert_true(has("01:00.0", 101));
	assert_false(waits("01:00.0", 101));
	assert_true(waits("01:00.1", 102));
	assert_false(has("01:00.1", 102));
	/* It was not looked at; one that hangs is not to be looked at again. */
	assert_false(has("02:00.0", 103));
	assert_true(has("03:00.0", 104));
	assert_true(is_named("0000:01:00.0"));
	assert_false(is_named("0000:01:00.1"));
	assert_false(is_named("0000:02:00.0"));
	assert_true(is_named("0000:03:00.0"));
}

/* Another device, or the same one again. */
static void test_returned(void **state)
{
	(void)state;
	assert_int_equal(seen_write(folder, &machine), 0);
	read_again();
	assert_false(has("01:00.0", 77));
	add("01:00.0", 77, false);
	read_again();
	assert_false(has("01:00.0", 101));
	assert_int_equal(seen.count, 4);
	assert_true(has("01:00.0", 77));
	assert_true(has("01:00.1", 102));
}

static void test_added(void **state)
{
	const struct seen_function both[] = {
		{.address = address_of("09:00.1"), .node = 501, .waits = true},
		{.address = address_of("00:02.0"), .node = 502}};

	(void)state;
	assert_int_equal(seen_write(folder, &machine), 0);
	read_again();
	assert_int_equal(seen_add(folder, both, 2), 0);
	read_again();
	assert_int_equal(seen.count, 6);
	assert_true(has("00:02.0", 502));
	assert_true(waits("09:00.1", 501));
	assert_true(is_named("0000:00:02.0"));
	assert_false(is_named("0000:09:00.1"));
	/* What it waited for came. */
	add("09:00.1", 501, false);
	read_again();
	assert_true(has("09:00.1", 501));
	assert_false(waits("09:00.1", 501));
	assert_true(is_named("0000:09:00.1"));
}

/* The second run of a boot; what is gone by then is not noted any more. */
static void test_second_run(void **state)
{
	(void)state;
	assert_int_equal(seen_write(folder, &machine), 0);
	machine.count = 2;
	assert_int_equal(seen_write(folder, &machine), 0);
	read_again();
	assert_int_equal(seen.count, 2);
	assert_true(has("01:00.0", 101));
	machine.count = 0;
	assert_int_equal(seen_write(folder, &machine), 0);
	read_again();
	assert_true(seen.any);
	assert_int_equal(seen.count, 0);
}

static void test_broken(void **state)
{
	(void)state;
	fake_file(&fake, "run-vfio-early/decided",
		"0000:01:00.0 101 seen\n0000:01:00.1 102\n0000:01:00.2 x seen\n"
		"nothing\n\n0000:01:00.3 104 seen waits\n0000:01:00.4 105 waits");
	read_again();
	assert_int_equal(seen.count, 2);
	assert_true(has("01:00.0", 101));
	assert_true(waits("01:00.4", 105));
}

static void test_text(void **state)
{
	char text[256] = "";
	int fd;

	(void)state;
	machine.functions[0].node = 0;
	machine.functions[1].node = 10;
	machine.functions[2].node = UINT64_MAX;
	machine.functions[2].waits = true;
	assert_int_equal(seen_write(folder, &machine), 0);
	fd = openat(fake.root, "run-vfio-early/decided", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, "0000:00:1f.0 0 seen\n0000:01:00.0 10 seen\n"
				  "0000:01:00.1 18446744073709551615 waits\n"
				  "0000:03:00.0 104 seen\n");
}

/* One device that comes and goes for ever does not fill the memory. */
static void test_long(void **state)
{
	static const struct seen_function wave[4096] = {{.waits = true}};
	char path[256];
	struct stat status;
	off_t before = 0;
	unsigned shorter = 0;

	(void)state;
	assert_int_equal(seen_write(folder, &machine), 0);
	snprintf(path, sizeof(path), "%s/decided", folder);
	for (uint64_t i = 0; i < 80; i++) {
		assert_int_equal(seen_add(folder, wave, 4096), 0);
		assert_int_equal(stat(path, &status), 0);
		shorter += status.st_size < before;
		before = status.st_size;
	}
	assert_int_equal(shorter, 1);
	add("01:00.0", 77, false);
	read_again();
	assert_int_equal(seen.count, 5);
	assert_true(has("01:00.0", 77));
	assert_true(has("01:00.1", 102));
}

/* It cannot be noted: the caller is told. */
static void test_no_room(void **state)
{
	(void)state;
	fake_file(&fake, "run-vfio-early", "a file");
	assert_true(seen_write(folder, &machine) < 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_no_boot_run),
		test(test_boot_run),
		test(test_returned),
		test(test_added),
		test(test_second_run),
		test(test_text),
		test(test_broken),
		test(test_long),
		test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
