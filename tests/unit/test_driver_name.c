/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/driver_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
