/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/driver_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_meant(void **state)
{
	static const struct {
		const char *name;
		const char *meant;
	} rows[] = {
		{"vfio_pci", "vfio-pci"},
		{"pci_stub", "pci-stub"},
		{"vfio-pci", NULL},
		{"pci-stub", NULL},
		{"vfio", NULL},
		{"vfio_pci_core", NULL},
		{"vfio-pci-", NULL},
		{"vfiopci", NULL},
		{"mlx5_vfio_pci", NULL},
		{"mlx5-vfio-pci", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *meant = driver_name_meant(rows[i].name);

		if (rows[i].meant)
			assert_string_equal(meant, rows[i].meant);
		else
			assert_null(meant);
	}
}

static void test_module(void **state)
{
	char longest[DRIVER_NAME_MAX + 9], out[DRIVER_NAME_MAX];

	(void)state;
	driver_name_module("a-vfio_pci-", out);
	assert_string_equal(out, "a_vfio_pci_");
	memset(longest, '-', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	driver_name_module(longest, out);
	assert_int_equal(strlen(out), DRIVER_NAME_MAX - 1);
	assert_int_equal(strspn(out, "_"), DRIVER_NAME_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meant),
		cmocka_unit_test(test_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
