/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/wish.h"
#include "scan/scan.h"

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
#include <unistd.h>

#define ROOT_BUS "pci0000:00/"
#define ONE      ROOT_BUS "0000:00:01.0/0000:01:00.0"
#define TWO      ROOT_BUS "0000:00:02.0/0000:02:00.0"
#define VF       ROOT_BUS "0000:00:02.0/0000:02:10.0"
#define BRIDGE   ROOT_BUS "0000:00:1f.0"

static struct fake fake;
static struct machine machine;
static unsigned entered;

static bool count_entry(
	void *context, enum scan_part part, const struct pci_address *address)
{
	(void)address;
	entered += part == SCAN_WITH_LOCK;
	return context == NULL;
}

static int begin(void **state)
{
	(void)state;
	entered = 0;
	fake_begin(&fake);
	fake_function(&fake, ONE " 10de:1:0:0 030000 group=1");
	fake_function(&fake, TWO " 1002:2:0:0 038000 group=2");
	fake_function(&fake, VF " 8086:3:0:0 020000 group=3");
	fake_function(&fake, BRIDGE " 8086:4:0:0 060100 group=4");
	assert_int_equal(scan_machine(fake.root, NULL, &machine), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	machine_clear(&machine);
	fake_end(&fake);
	return 0;
}

/* Of all that could be taken: of nothing else a rule wishes for a serial number. */
static void look_with(const struct scan_observer *observer, unsigned attributes)
{
	for (size_t i = 0; i < machine.count; i++)
		if (!pci_function_is_infrastructure(&machine.functions[i]))
			(void)wish_known(&machine, &machine.functions[i], attributes);
	assert_int_equal(scan_fill(fake.root, observer, &machine), 0);
}

static void look(unsigned attributes)
{
	const struct scan_observer observer = {.enter = count_entry};

	look_with(&observer, attributes);
}

static const struct pci_function *at(const char *text)
{
	struct pci_address address = address_of(text);

	return machine_find(&machine, &address);
}

static void write_bytes(const char *path, const unsigned char *bytes, size_t length)
{
	int fd;

	fake_file(&fake, path, "");
	fd = openat(fake.root, path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void test_nothing_asked(void **state)
{
	(void)state;
	fake_file(
		&fake, "sys/devices/" ONE "/serial_number", "00-11-22-33-44-55-66-77\n");
	look(0);
	assert_false(at("01:00.0")->has_serial);
	assert_int_equal(entered, 0);
}

static void test_serial(void **state)
{
	unsigned char config[4096] = {[0x100] = 3, [0x102] = 1, [0x104] = 0x77};

	(void)state;
	fake_file(
		&fake, "sys/devices/" ONE "/serial_number", "00-11-22-33-44-55-66-77\n");
	write_bytes("sys/devices/" TWO "/config", config, sizeof(config));
	write_bytes("sys/devices/" VF "/config", config, 256);
	write_bytes("sys/devices/" BRIDGE "/config", config, sizeof(config));
	look(ATTRIBUTE_SERIAL);
	assert_true(at("01:00.0")->has_serial);
	assert_true(at("01:00.0")->serial == 0x0011223344556677);
	assert_true(at("02:00.0")->has_serial);
	assert_true(at("02:00.0")->serial == 0x77);
	assert_false(at("02:10.0")->has_serial);
	/* Never taken, so never woken up. */
	assert_false(at("00:1f.0")->has_serial);
	assert_int_equal(entered, 3);
}

static void test_serial_that_hangs(void **state)
{
	const struct scan_observer observer = {.context = &machine, .enter = count_entry};

	(void)state;
	look_with(&observer, ATTRIBUTE_SERIAL);
	assert_int_equal(at("01:00.0")->unknown, -ETIMEDOUT);
	assert_int_equal(at("00:1f.0")->unknown, 0);
}

static void test_vf_of(void **state)
{
	(void)state;
	fake_link(&fake, "sys/devices/" VF "/physfn", "../0000:02:00.0");
	look(ATTRIBUTE_VF_OF);
	assert_true(at("02:10.0")->is_vf);
	assert_int_equal(at("02:10.0")->vf_of.bus, 2);
	assert_int_equal(at("02:10.0")->vf_of.device, 0);
	assert_false(at("02:00.0")->is_vf);
	assert_int_equal(entered, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nothing_asked),
		test(test_serial),
		test(test_serial_that_hangs),
		test(test_vf_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
