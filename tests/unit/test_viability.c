/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/viability.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define WANTED "01:00.0 10de:2206 030000 7 -"

static void test_members(void **state)
{
	static const struct {
		const char *row;  /* the other member of the group */
		const char *text; /* NULL: it spoils nothing */
	} rows[] = {
		{"01:00.1 10de:1aef 040300 7 snd_hda_intel",
			"stays with the host driver snd_hda_intel in IOMMU group 7"},
		{"01:00.1 10de:1aef 040300 7 -", "stays with the host in IOMMU group 7"},
		{"01:00.1 10de:1aef 040300 7 nvidia_drm", "driver nvidia_drm"},
		{"01:00.1 10de:1aef 040300 8 snd_hda_intel", NULL},
		{"01:00.1 10de:1aef 040300 - snd_hda_intel", NULL},
		{"01:00.1 10de:1aef 040300 7 vfio-pci", NULL},
		{"01:00.1 10de:1aef 040300 7 mlx5_vfio_pci", NULL},
		{"01:00.1 10de:1aef 040300 7 pci-stub", NULL},
		{"00:01.0 8086:1 060400 7 pcieport bridge", NULL},
		{"00:01.0 8086:1 060400 7 - bridge", NULL},
		{"00:1f.0 8086:1 060100 7 -", NULL},
		{"00:1f.0 8086:1 060100 7 lpc_ich", "of a class that is never taken"},
		{"00:1f.4 8086:1 0c0500 7 i801_smbus", "driver i801_smbus"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *note;
		struct scene scene;

		scene_plan(&scene, "01:00.0", ROWS(WANTED, rows[i].row));
		if (scene.findings.count != (rows[i].text ? 1U : 0U))
			fail_msg("%s: %zu findings", rows[i].row, scene.findings.count);
		if (rows[i].text) {
			note = &scene.findings.items[0];
			assert_int_equal(note->verdict, VERDICT_NOTE);
			assert_int_equal(note->severity, SEVERITY_NOTICE);
			assert_contains(note->text, rows[i].text);
			assert_string_equal(note->origin, SCENE_FILE ":1");
			assert_true(
				note->address.bus != 1 || note->address.function == 1);
		}
		assert_int_equal(scene.plan.device_count, 1);
		scene_clear(&scene);
	}
}

static void test_fix_is_named(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0",
		ROWS(WANTED, "01:00.1 10de:1aef 040300 7 snd_hda_intel"));
	assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "01:00.1")->text,
		"with=group takes it along");
	scene_clear(&scene);
}

/* Advice that cannot work: the rule reaches the group, and a guard refused the member. */
static void test_fix_is_not_what_is_there(void **state)
{
	static const char *const configs[] = {"01:00.0 with=group", "group=7"};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct scene scene;

		scene_plan(&scene, configs[i],
			ROWS(WANTED, "01:00.1 10de:1aef 040300 7 snd_odd"));
		assert_int_equal(scene.plan.device_count, 1);
		assert_lacks(
			findings_first(&scene.findings, VERDICT_NOTE, "01:00.1")->text,
			"with=group takes it along");
		scene_clear(&scene);
	}
}

/* keep wins over with=group, so with=group takes nothing along here. */
static void test_fix_of_a_kept_member(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0\nkeep 01:00.1",
		ROWS(WANTED, "01:00.1 10de:1aef 040300 7 snd_hda_intel"));
	assert_int_equal(scene.plan.device_count, 1);
	assert_lacks(findings_first(&scene.findings, VERDICT_NOTE, "01:00.1")->text,
		"with=group takes it along");
	scene_clear(&scene);
}

/* SMBus is the one class of these that allow=bridge lifts. */
static void test_fix_for_smbus(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0", ROWS(WANTED, "00:1f.4 8086:1 0c0500 7 i801_smbus"));
	assert_lacks(findings_first(&scene.findings, VERDICT_NOTE, "00:1f.4")->text,
		"never taken");
	scene_clear(&scene);
}

static void test_each_member_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.*\n02:00.0",
		ROWS(WANTED, "01:00.1 10de:1aef 040300 7 -",
			"01:01.0 1:1 020000 7 e1000e", "01:02.0 1:1 020000 7 -",
			"02:00.0 1:1 020000 8 -", "02:00.1 1:1 020000 8 igb",
			"03:00.0 1:1 020000 9 igb"));
	assert_int_equal(scene.plan.device_count, 3);
	assert_int_equal(scene.findings.count, 3);
	assert_int_equal(findings_count(&scene.findings, VERDICT_NOTE, "01:01.0"), 1);
	assert_int_equal(findings_count(&scene.findings, VERDICT_NOTE, "01:02.0"), 1);
	assert_int_equal(findings_count(&scene.findings, VERDICT_NOTE, "02:00.1"), 1);
	assert_string_equal(
		findings_first(&scene.findings, VERDICT_NOTE, "02:00.1")->origin,
		SCENE_FILE ":2");
	scene_clear(&scene);
}

/* Devices without a group, let through by allow=no-iommu, share no group. */
static void test_no_group(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0 allow=no-iommu",
		ROWS("01:00.0 1:2 020000 - -", "02:00.0 1:2 020000 - e1000e"));
	assert_int_equal(scene.plan.device_count, 1);
	assert_int_equal(scene.findings.count, 0);
	scene_clear(&scene);
}

static void test_empty_plan(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "", ROWS(WANTED, "01:00.1 10de:1aef 040300 7 snd_hda_intel"));
	assert_int_equal(scene.findings.count, 0);
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_fix_is_named),
		cmocka_unit_test(test_fix_is_not_what_is_there),
		cmocka_unit_test(test_fix_of_a_kept_member),
		cmocka_unit_test(test_fix_for_smbus),
		cmocka_unit_test(test_each_member_once),
		cmocka_unit_test(test_no_group),
		cmocka_unit_test(test_empty_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
