/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/framebuffer_scan.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define FIRST    "pci0000:00/0000:00:01.0/0000:01:00.0"
#define SECOND   "pci0000:00/0000:00:02.0/0000:02:00.0"
#define DEVICES  "sys/devices/"
#define PLATFORM "sys/bus/platform/devices/"

struct fixture {
	struct fake fake;
	struct machine machine;
};

/* Two displays, of class 0380 and 0300, and a network card. */
static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){0};
	fake_begin(&fixture.fake);
	fake_function(&fixture.fake, FIRST " 1234:1111:1af4:1100 038000 group=1");
	fake_function(&fixture.fake, SECOND " 1234:1111:1af4:1100 030000 group=2");
	fake_function(&fixture.fake,
		"pci0000:00/0000:00:03.0/0000:03:00.0 8086:1533:0:0 020000 group=3");
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	machine_clear(&fixture->machine);
	fake_end(&fixture->fake);
	return 0;
}

static void fake_driver(struct fake *fake, const char *device, const char *driver)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), PLATFORM "%s/driver", device);
	snprintf(target, sizeof(target), "../../../bus/platform/drivers/%s", driver);
	fake_link(fake, path, target);
}

/* The one boot display, "" for none. */
static void check_display(struct fixture *fixture, const char *expected)
{
	char found[64] = "";

	assert_int_equal(scan_machine(fixture->fake.root, NULL, &fixture->machine), 0);
	assert_int_equal(fixture->machine.count, 3);
	for (size_t i = 0; i < fixture->machine.count; i++) {
		const struct pci_function *function = &fixture->machine.functions[i];

		if (!function->boot_display)
			continue;
		assert_string_equal(found, "");
		pci_address_format(&function->address, found);
	}
	assert_string_equal(found, expected);
}

static void set_boot_params(struct fixture *fixture)
{
	char bytes[128];

	/* A file of the fake is text; 0x70 is EFI, and the base is 0x70707070. */
	memset(bytes, 0x70, sizeof(bytes) - 1);
	bytes[0x36] = 0x01;
	bytes[sizeof(bytes) - 1] = '\0';
	fake_file(&fixture->fake, "sys/kernel/boot_params/data", bytes);
}

static void test_nothing_known(void **state)
{
	struct fixture *fixture = *state;

	check_display(fixture, "");
	assert_string_equal(fixture->machine.framebuffer.device, "");
	assert_string_equal(fixture->machine.framebuffer.claim, "");
}

/* /proc/iomem is believed before the boot parameters, and those before boot_vga. */
static void test_iomem_first(void **state)
{
	struct fixture *fixture = *state;

	fake_file(&fixture->fake, DEVICES SECOND "/boot_vga", "1\n");
	fake_file(&fixture->fake, DEVICES SECOND "/resource",
		"0x0000000070000000 0x0000000070ffffff 0x0000000000042208\n");
	set_boot_params(fixture);
	fake_file(&fixture->fake, "proc/iomem",
		"c0000000-c0ffffff : 0000:01:00.0\n  c0000000-c03e7fff : efifb\n");
	fake_driver(&fixture->fake, "efi-framebuffer.0", "efi-framebuffer");
	check_display(fixture, "0000:01:00.0");
	assert_string_equal(fixture->machine.framebuffer.device, "efi-framebuffer.0");
	assert_string_equal(fixture->machine.framebuffer.claim, "efifb");
}

static void test_boot_params_second(void **state)
{
	struct fixture *fixture = *state;

	fake_file(&fixture->fake, DEVICES SECOND "/boot_vga", "1\n");
	fake_file(&fixture->fake, DEVICES FIRST "/resource",
		"0x0000000070000000 0x0000000070ffffff 0x0000000000042208\n");
	set_boot_params(fixture);
	fake_file(&fixture->fake, "proc/iomem", "c0000000-c0ffffff : 0000:01:00.0\n");
	check_display(fixture, "0000:01:00.0");
	assert_string_equal(fixture->machine.framebuffer.claim, "");
}

/* The parameters name an address that is in no display's BAR any more. */
static void test_boot_vga_last(void **state)
{
	struct fixture *fixture = *state;

	fake_file(&fixture->fake, DEVICES SECOND "/boot_vga", "1\n");
	fake_file(&fixture->fake, DEVICES SECOND "/resource",
		"0x0000000071000000 0x0000000071ffffff 0x0000000000042208\n");
	set_boot_params(fixture);
	check_display(fixture, "0000:02:00.0");
}

static void test_boot_vga_zero(void **state)
{
	struct fixture *fixture = *state;

	fake_file(&fixture->fake, DEVICES SECOND "/boot_vga", "0\n");
	check_display(fixture, "");
}

/* Who has it now: a device without a driver has nothing. */
static void test_read(void **state)
{
	struct fixture *fixture = *state;
	struct boot_framebuffer framebuffer;

	fake_directory(&fixture->fake, PLATFORM "efi-framebuffer.0");
	assert_int_equal(framebuffer_read(fixture->fake.root, &framebuffer), 0);
	assert_string_equal(framebuffer.device, "");
	fake_driver(&fixture->fake, "simple-framebuffer.0", "simple-framebuffer");
	fake_file(&fixture->fake, "proc/iomem",
		"c0000000-c0ffffff : 0000:01:00.0\n  c0000000-c03e7fff : BOOTFB\n");
	assert_int_equal(framebuffer_read(fixture->fake.root, &framebuffer), 0);
	assert_string_equal(framebuffer.device, "simple-framebuffer.0");
	assert_string_equal(framebuffer.claim, "BOOTFB");
}

/* A failure is told from "nobody has it", and leaves the output alone. */
static void test_read_fails(void **state)
{
	struct fixture *fixture = *state;
	struct boot_framebuffer framebuffer = {"before", "before"};

	fake_file(&fixture->fake, PLATFORM "efi-framebuffer.0/driver", "no link");
	assert_true(framebuffer_read(fixture->fake.root, &framebuffer) < 0);
	assert_string_equal(framebuffer.device, "before");
	assert_string_equal(framebuffer.claim, "before");
}

static bool never(void *context, enum scan_part part, const struct pci_address *address)
{
	struct pci_address hangs = address_of("02:00.0");

	(void)context;
	(void)part;
	return pci_address_compare(address, &hangs) != 0;
}

/* Of a function that is known to hang nothing is read. */
static void test_observer(void **state)
{
	struct fixture *fixture = *state;
	const struct scan_observer observer = {.enter = never};

	fake_file(&fixture->fake, DEVICES SECOND "/boot_vga", "1\n");
	assert_int_equal(
		scan_machine(fixture->fake.root, &observer, &fixture->machine), 0);
	for (size_t i = 0; i < fixture->machine.count; i++)
		assert_false(fixture->machine.functions[i].boot_display);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_iomem_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_boot_params_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_boot_vga_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_boot_vga_zero, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_observer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
