/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/hardware_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void put(unsigned char *bytes, size_t at, unsigned count, uint64_t value)
{
	for (unsigned i = 0; i < count; i++)
		bytes[at + i] = (unsigned char)(value >> 8 * i);
}

static void capability(unsigned char *config, unsigned at, unsigned id, unsigned next)
{
	put(config, at, 4, id | 1U << 16 | (uint64_t)next << 20);
}

static void test_serial(void **state)
{
	unsigned char config[4096] = {0};
	uint64_t serial = 0;

	(void)state;
	assert_false(pci_serial_from_config(config, sizeof(config), &serial));
	capability(config, 0x100, 1, 0x148);
	capability(config, 0x148, 3, 0);
	put(config, 0x14c, 8, 0x0011223344556677);
	assert_true(pci_serial_from_config(config, sizeof(config), &serial));
	assert_true(serial == 0x0011223344556677);
	/* Cut off inside, as conventional devices and unprivileged readers have it. */
	serial = 0;
	assert_false(pci_serial_from_config(config, 0x148 + 11, &serial));
	assert_true(pci_serial_from_config(config, 0x148 + 12, &serial));
	assert_false(pci_serial_from_config(config, 256, &serial));
	assert_false(pci_serial_from_config(config, 64, &serial));
	assert_false(pci_serial_from_config(config, 0, &serial));
	/* The last place there is. */
	capability(config, 0x100, 1, 0xff4);
	capability(config, 0xff4, 3, 0);
	assert_true(pci_serial_from_config(config, sizeof(config), &serial));
	capability(config, 0x100, 1, 0xff8);
	capability(config, 0xff8, 3, 0);
	assert_false(pci_serial_from_config(config, sizeof(config), &serial));
	/* Loops, a pointer into the conventional part, a device that is gone. */
	capability(config, 0x100, 1, 0x100);
	assert_false(pci_serial_from_config(config, sizeof(config), &serial));
	capability(config, 0x100, 1, 0x40);
	assert_false(pci_serial_from_config(config, sizeof(config), &serial));
	memset(config, 0xff, sizeof(config));
	assert_false(pci_serial_from_config(config, sizeof(config), &serial));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
