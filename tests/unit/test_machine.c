/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static void test_sort_and_find(void **state)
{
	static const char *const sorted[] = {"0000:00:02.0", "0000:01:00.0",
		"0000:01:00.1", "0000:0a:00.0", "0001:00:00.0", "10000:e0:06.0"};
	struct pci_address missing = address_of("01:00.2");
	struct machine machine;

	(void)state;
	machine_build(&machine,
		ROWS("10000:e0:06.0 1:6 010802 - -", "01:00.1 1:3 040300 - -",
			"0a:00.0 1:4 020000 - -", "00:02.0 1:1 030000 - -",
			"0001:00:00.0 1:5 020000 - -", "01:00.0 1:2 030000 - -"));
	assert_int_equal(machine.count, 6);
	for (size_t i = 0; i < 6; i++) {
		struct pci_address key = address_of(sorted[i]);
		char text[PCI_ADDRESS_TEXT_MAX];

		pci_address_format(&machine.functions[i].address, text);
		assert_string_equal(text, sorted[i]);
		assert_int_equal(machine.functions[i].id.device, i + 1);
		assert_ptr_equal(machine_find(&machine, &key), &machine.functions[i]);
	}
	assert_null(machine_find(&machine, &missing));
	machine_clear(&machine);
	assert_int_equal(machine.count, 0);
	assert_null(machine_find(&machine, &missing));
	machine_sort(&machine);
	machine_clear(&machine);
}

static const struct pci_address parts[] = {{0, 0, 0x1f, 6}, {0, 1, 0, 0}, {0, 1, 0, 1},
	{0, 1, 1, 0}, {0, 0xff, 0x1f, 7}, {1, 0, 0, 0}, {0x100, 0, 0, 0},
	{0x10000, 0xe0, 6, 0}, {0x1000000, 0, 0, 0}, {0x7fffffff, 0xff, 0x1f, 7}};

/* In any order, whichever bytes of an address are different. */
static void test_make(void **state)
{
	enum { COUNT = sizeof(parts) / sizeof(parts[0]) };
	struct pci_listed listed[COUNT];
	struct machine machine;

	(void)state;
	for (size_t step = 1; step < COUNT; step += 2) {
		for (size_t count = 0; count <= COUNT; count++) {
			/* An odd step and none of 5 passes every place of 10 once. */
			if (step == 5)
				continue;
			for (size_t i = 0; i < count; i++)
				listed[i] = (struct pci_listed){
					.address = parts[i * step % COUNT],
					.node = 1000 + i * step % COUNT};
			assert_int_equal(machine_make(listed, count, &machine), 0);
			assert_int_equal(machine.count, count);
			for (size_t i = 0; i < count; i++) {
				const struct pci_function *function =
					&machine.functions[i];

				assert_int_equal(function->group, MACHINE_GROUP_NONE);
				assert_int_equal(pci_address_compare(&function->address,
							 &parts[function->node - 1000]),
					0);
				assert_ptr_equal(
					machine_find(&machine, &function->address),
					function);
				if (i > 0)
					assert_true(function[-1].node < function->node);
			}
			machine_clear(&machine);
		}
	}
}

static void test_drop_vanished(void **state)
{
	struct machine machine;

	(void)state;
	machine_build(
		&machine, ROWS("00:02.0 1:1 030000 - -", "01:00.0 1:2 030000 - -",
				  "02:00.0 1:3 030000 - -", "03:00.0 1:4 030000 - -"));
	machine.functions[0].unknown = -ENOENT;
	machine.functions[1].unknown = -EIO;
	machine.functions[2].unknown = -ENODEV;
	machine_drop_vanished(&machine);
	assert_int_equal(machine.count, 2);
	assert_int_equal(machine.functions[0].address.bus, 1);
	assert_int_equal(machine.functions[1].address.bus, 3);
	machine_clear(&machine);
}

static void test_driver_origin(void **state)
{
	struct pci_function function = {.driver = "e1000e"};

	(void)state;
	assert_contains(pci_driver_origin(&function), "before vfio-early ran");
	function.waited = true;
	assert_contains(pci_driver_origin(&function), "before vfio-early ran");
	function.late = true;
	assert_contains(pci_driver_origin(&function), "before vfio-early ran");
	function.waited = false;
	assert_contains(pci_driver_origin(&function), "there before the device");
	function.driver_built_in = true;
	assert_contains(pci_driver_origin(&function), "built into the kernel");
}

/* Past every growth: what was added stays what it was, and what is new is zeroed. */
static void test_many(void **state)
{
	struct machine machine = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct pci_function *function = machine_add(&machine);

		assert_non_null(function);
		assert_int_equal(function->group, MACHINE_GROUP_NONE);
		assert_int_equal(function->class_code, 0);
		assert_int_equal(function->driver[0], 0);
		assert_int_equal(function->use, USE_NOT_ASKED);
		function->address.bus = (uint8_t)(255 - i / 4);
		function->address.function = (uint8_t)(i % 4);
		function->group = (int)i;
		memset(function->driver, 'x', sizeof(function->driver) - 1);
	}
	machine_sort(&machine);
	for (unsigned i = 0; i < 1000; i++) {
		struct pci_address key = {0, (uint8_t)(255 - i / 4), 0, (uint8_t)(i % 4)};
		struct pci_function *found = machine_find(&machine, &key);

		assert_non_null(found);
		assert_int_equal(found->group, i);
	}
	machine_clear(&machine);
}

static void test_class_words(void **state)
{
	static const struct {
		uint32_t code;
		const char *word;
	} rows[] = {
		{0x010601, "sata"},
		{0x010802, "nvme"},
		{0x010700, "storage"},
		{0x010400, "storage"},
		{0x020000, "ethernet"},
		{0x028000, "network"},
		{0x030000, "display"},
		{0x030200, "display"},
		{0x038000, "display"},
		{0x040300, "audio"},
		{0x040100, "audio"},
		{0x040000, "multimedia"},
		{0x050000, "memory"},
		{0x060400, "bridge"},
		{0x0c0330, "usb"},
		{0x0c0500, "smbus"},
		{0x0c8000, "serial-bus"},
		{0x108000, "encryption"},
		{0x120000, "accelerator"},
		{0x000000, "device"},
		{0xff0000, "device"},
		{0x0e0000, "device"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(pci_class_word(rows[i].code), rows[i].word);
}

static void test_infrastructure(void **state)
{
	static const struct {
		uint32_t code;
		bool is_bridge;
		bool expected;
	} rows[] = {
		{0x060400, true, true},  /* PCI bridge */
		{0x060000, false, true}, /* host bridge */
		{0x060100, false, true}, /* ISA, LPC */
		{0x068000, false, true},
		{0x050000, false, true},  /* RAM */
		{0x080000, false, true},  /* PIC */
		{0x088000, false, true},  /* system peripheral */
		{0x080600, false, true},  /* IOMMU */
		{0x0c0500, false, true},  /* SMBus */
		{0x030000, true, true},   /* type 1, whatever it says it is */
		{0x058000, false, false}, /* memory that is not RAM: CXL, ivshmem */
		{0x030000, false, false},
		{0x0c0330, false, false},
		{0x010802, false, false},
		{0x0c0000, false, false},
		{0x070000, false, false},
		{0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pci_function function = {
			.class_code = rows[i].code, .is_bridge = rows[i].is_bridge};

		if (pci_function_is_infrastructure(&function) != rows[i].expected)
			fail_msg("class %06x", rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort_and_find),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_drop_vanished),
		cmocka_unit_test(test_driver_origin),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_class_words),
		cmocka_unit_test(test_infrastructure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
