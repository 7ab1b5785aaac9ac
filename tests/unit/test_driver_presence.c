/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/driver_presence.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct fake fake;
static unsigned questions;

static int begin(void **state)
{
	(void)state;
	questions = 0;
	fake_begin(&fake);
	fake_directory(&fake, "sys/bus/pci/drivers/xhci_hcd");
	/* Loaded, with a driver of another name and one of another bus. */
	fake_file(&fake, "sys/module/xhci_pci/initstate", "live\n");
	fake_link(&fake, "sys/module/xhci_pci/drivers/platform:xhci", "../x");
	fake_link(&fake, "sys/module/xhci_pci/drivers/pci:xhci_hcd", "../x");
	/* Built in. */
	fake_link(&fake, "sys/module/pcie_port/drivers/pci:pcieport", "../x");
	/* Being loaded, and without any driver. */
	fake_file(&fake, "sys/module/slow/initstate", "coming\n");
	fake_link(&fake, "sys/module/slow/drivers/pci:slow_first", "../x");
	fake_file(&fake, "sys/module/no_driver/initstate", "live\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

/* All but "absent...", whatever - and _ are. */
static bool has(void *context, const char *name)
{
	(void)context;
	questions++;
	return strncmp(name, "absent", strlen("absent")) != 0;
}

static const struct module_lookup modules = {.has = has};

/* The scene of a config about two cards, after the drivers were looked for. */
static void look(struct scene *scene, const char *config)
{
	scene_select(scene, config,
		ROWS("01:00.0 10de:1 030000 1 -", "02:00.0 10de:1 030000 2 -"));
	driver_presence_find(fake.root, &scene->selection, &modules);
}

static void test_drivers(void **state)
{
	static const struct {
		const char *driver;
		bool missing;
		const char *meant;
	} rows[] = {
		{"xhci_hcd", false, ""},
		{"vfio-pci", false, ""},
		{"mlx5_vfio_pci", false, ""},
		{"absent", true, ""},
		{"vfio_pci", true, "vfio-pci"},
		{"pci_stub", true, "pci-stub"},
		{"xhci_pci", true, "xhci_hcd"},
		{"xhci-pci", true, "xhci_hcd"},
		{"pcie-port", true, "pcieport"},
		{"slow", false, ""},
		{"no_driver", false, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		const struct pci_function *function;
		char config[128];

		snprintf(config, sizeof(config), "01:00.0 driver=%s\n", rows[i].driver);
		look(&scene, config);
		function = scene_wanted(&scene, "01:00.0")->function;
		assert_int_equal(function->driver_missing, rows[i].missing);
		assert_string_equal(function->driver_meant, rows[i].meant);
		scene_clear(&scene);
	}
}

/* Where somebody really has called a driver so, it is that one. */
static void test_registered_wins(void **state)
{
	struct scene scene;

	(void)state;
	fake_directory(&fake, "sys/bus/pci/drivers/vfio_pci");
	look(&scene, "01:00.0 driver=vfio_pci\n");
	assert_false(scene_wanted(&scene, "01:00.0")->function->driver_missing);
	scene_clear(&scene);
	assert_int_equal(questions, 0);
}

/* Asked about once, and the answer is everybody's. */
static void test_once(void **state)
{
	struct scene scene;

	(void)state;
	look(&scene, "id=10de:1 driver=pci_stub\n");
	assert_int_equal(questions, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_true(scene.machine.functions[i].driver_missing);
		assert_string_equal(scene.machine.functions[i].driver_meant, "pci-stub");
	}
	scene_clear(&scene);
}

static void test_decided(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0 driver=absent\n02:00.0 driver=absent\n",
		ROWS("01:00.0 10de:1 030000 1 -", "02:00.0 10de:1 030000 2 -"));
	scene.selection.items[0].decided = true;
	driver_presence_find(fake.root, &scene.selection, &modules);
	assert_false(scene_wanted(&scene, "01:00.0")->function->driver_missing);
	assert_true(scene_wanted(&scene, "02:00.0")->function->driver_missing);
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drivers, begin, end),
		cmocka_unit_test_setup_teardown(test_registered_wins, begin, end),
		cmocka_unit_test_setup_teardown(test_once, begin, end),
		cmocka_unit_test_setup_teardown(test_decided, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
