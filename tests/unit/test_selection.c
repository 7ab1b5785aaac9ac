/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/selection.h"

#include "core/identity.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* A desktop: root port and two GPU functions share a group, as without ACS. */
#define DESKTOP                                                                          \
	ROWS("00:00.0 8086:1 060000 0 -", "00:01.0 8086:2 060400 1 pcieport bridge",     \
		"00:1f.0 8086:3 060100 2 -", "00:1f.3 8086:4 040300 2 snd_hda_intel",    \
		"00:1f.4 8086:5 0c0500 2 i801_smbus", "00:1f.6 8086:6 020000 2 e1000e",  \
		"01:00.0 10de:2206:1043:87d2 030000 1 - path=00:01.0/00.0",              \
		"01:00.1 10de:1aef 040300 1 - path=00:01.0/00.1",                        \
		"02:00.0 144d:a808 010802 3 nvme path=00:1d.0/00.0",                     \
		"03:00.0 144d:a808 010802 4 - path=00:1d.4/00.0",                        \
		"04:00.0 1b21:1 0c0330 - -", "10000:e1:00.0 8086:9 010802 9 -")

static void test_terms(void **state)
{
	static const struct {
		const char *config;
		const char *wanted;
	} rows[] = {
		{"", ""},
		{"01:00.0", "01:00.0"},
		{"0000:01:00.1", "01:00.1"},
		{"01:00.*", "01:00.0 01:00.1"},
		{"10000:e1:00.0", "10000:e1:00.0"},
		{"path=00:01.0/00.0", "01:00.0"},
		{"path=0:1d.4/0.0 id=144d:a808", "03:00.0"},
		{"group=3", "02:00.0"},
		{"group=1", "01:00.0 01:00.1"},
		{"group=01:00.0", "01:00.0 01:00.1"},
		{"group=00:01.0", "01:00.0 01:00.1"}, /* by way of its port */
		{"group=2", "00:1f.3 00:1f.6"},
		{"group=1 id=10de:1aef", "01:00.1"},
		{"group=4 id=144d:a808", "03:00.0"},
		{"id=144d:a808", "02:00.0 03:00.0"},
		{"id=10de:*", "01:00.0 01:00.1"},
		{"id=*:a808", "02:00.0 03:00.0"},
		{"id=10de:2206:1043:*", "01:00.0"},
		{"id=10de:2206:1044:*", ""},
		{"01:00.0 path=00:01.0/00.0", "01:00.0"},
		{"01:00.0 path=00:01.0/00.1", ""},
		{"01:00.0 group=1", "01:00.0"},
		{"01:00.0 group=2", ""},
		{"01:00.0\n01:00.0", "01:00.0"},
		{"02:00.0\n01:00.1\nid=8086:9", "01:00.1 02:00.0 10000:e1:00.0"},
		/* named outright: the guard bridge has the say, not the selection */
		{"00:01.0", "00:01.0"},
		{"id=8086:5", "00:1f.4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, DESKTOP);
		if (strcmp(scene_wanted_text(&scene), rows[i].wanted) != 0)
			fail_msg("%s: %s", rows[i].config, scene_wanted_text(&scene));
		scene_clear(&scene);
	}
}

/* A card in a lower slot behind VMD: its place and that of the disk are told apart. */
static void test_path_behind_vmd(void **state)
{
	static const char *const rows[] = {"00:0e.0 8086:467f 010400 5 vmd path=00:0e.0",
		"10000:e1:00.0 1344:5405 010802 5 - path=10000:e0:04.0/00.0",
		"10000:e2:00.0 144d:a808 010802 5 - path=10000:e0:06.0/00.0", NULL};
	static const struct {
		const char *rule;
		const char *wanted;
		size_t mismatches;
	} cases[] = {
		{"path=10000:e0:06.0/00.0 id=144d:a808", "10000:e2:00.0", 0},
		{"path=10000:e0:6.0/0.0", "10000:e2:00.0", 0},
		{"path=e0:06.0/00.0", "", 0},
		{"path=00:0e.0/00.0", "", 0},
		{"10000:e1:00.0 id=144d:a808", "10000:e1:00.0", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		scene_select(&scene, cases[i].rule, rows);
		assert_string_equal(scene_wanted_text(&scene), cases[i].wanted);
		for (size_t j = 0; j < scene.selection.count; j++)
			assert_int_equal(
				rule_identity_mismatch(scene.selection.items[j].rule,
					scene.selection.items[j].function),
				cases[i].mismatches);
		scene_clear(&scene);
	}
}

/* 02:00.0 could not be read: it may be anything, so a keep rule may mean it. */
static void test_unknown(void **state)
{
#define ONE_UNKNOWN                                                                      \
	ROWS("01:00.0 10de:1 030000 1 -", "02:00.0 0:0 000000 - - unreadable",           \
		"02:00.1 10de:2 030000 2 -",                                             \
		"03:00.0 10de:1 030000 3 - path=00:03.0/00.0")
	static const struct {
		const char *config;
		const char *wanted;
	} rows[] = {
		{"id=10de:*", "01:00.0 02:00.1 03:00.0"},
		{"02:00.*", "02:00.0 02:00.1"},
		{"group=2", "02:00.1"},
		{"group=02:00.0", ""},
		{"02:00.0 with=group", "02:00.0"},
		/* What is known still decides about the others. */
		{"id=10de:*\nkeep id=10de:1", "02:00.1"},
		{"id=10de:*\n02:00.0\nkeep id=8086:1", "01:00.0 02:00.1 03:00.0"},
		{"id=10de:*\nkeep group=1", "02:00.1 03:00.0"},
		{"id=10de:*\n02:00.0\nkeep path=00:03.0/00.0", "01:00.0 02:00.1"},
		{"id=10de:*\nkeep 01:00.0", "02:00.1 03:00.0"},
		{"id=10de:*\nkeep 02:00.0 id=1:1 with=slot", "01:00.0 03:00.0"},
		/* Its group can be any. */
		{"id=10de:*\nkeep group=02:00.0", ""},
		{"id=10de:*\nkeep 02:00.0 with=group", ""},
		{"id=10de:*\nkeep id=8086:1 with=group", ""},
		{"id=10de:*\nkeep 03:00.0 with=group", "01:00.0 02:00.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, ONE_UNKNOWN);
		if (strcmp(scene_wanted_text(&scene), rows[i].wanted) != 0)
			fail_msg("%s: %s", rows[i].config, scene_wanted_text(&scene));
		assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "")->text,
			"of 0000:02:00.0 nothing but the address could be read");
		scene_clear(&scene);
	}
}

/* Two GPUs of which the second shows the firmware's picture, and one with functions. */
#define NAMES                                                                            \
	ROWS("00:1f.0 8086:3 060100 2 - boot-display", "01:00.0 10de:1 030000 1 -",      \
		"01:00.1 10de:2 040300 1 -", "01:00.2 10de:3 0c0330 1 -",                \
		"02:00.0 1002:1 038000 3 - boot-display",                                \
		"03:00.0 8086:7 020000 4 igb serial=00-11-22-33-44-55-66-77",            \
		"03:10.0 8086:8 020000 5 - vf-of=03:00.0",                               \
		"03:10.2 8086:8 020000 6 - vf-of=03:00.0",                               \
		"04:00.0 1:1 010601 7 ahci serial=00-00-00-00-00-00-00-00",              \
		"05:00.0 1:2 010802 8 nvme")

static void test_names(void **state)
{
	static const struct {
		const char *config;
		const char *wanted;
	} rows[] = {
		{"class=03", "01:00.0 02:00.0"},
		{"class=0300", "01:00.0"},
		{"class=0380", "02:00.0"},
		{"class=030000", "01:00.0"},
		{"class=030001", ""},
		{"class=display", "01:00.0 02:00.0"},
		{"class=storage", "04:00.0 05:00.0"},
		{"class=nvme", "05:00.0"},
		{"class=audio", "01:00.1"},
		{"class=usb", "01:00.2"},
		{"class=00", ""},
		{"class=03 id=10de:*", "01:00.0"},
		{"class=03 boot-display=no", "01:00.0"},
		{"class=03 boot-display=no with=slot", "01:00.0 01:00.1 01:00.2"},
		{"boot-display=yes", "02:00.0"},
		{"boot-display=no", "01:00.0"},
		{"class=audio boot-display=no", ""},
		{"class=03\nkeep boot-display=yes", "01:00.0"},
		{"serial=00-11-22-33-44-55-66-77", "03:00.0"},
		{"serial=00-00-00-00-00-00-00-00", "04:00.0"},
		{"serial=00-11-22-33-44-55-66-78", ""},
		{"vf-of=03:00.0", "03:10.0 03:10.2"},
		{"vf-of=03:00.0 id=8086:8\nkeep 03:10.0", "03:10.2"},
		{"vf-of=03:10.0", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, NAMES);
		if (strcmp(scene_wanted_text(&scene), rows[i].wanted) != 0)
			fail_msg("%s: %s", rows[i].config, scene_wanted_text(&scene));
		scene_clear(&scene);
	}
}

/* All of its virtual functions are wanted, or only what a rule describes of them. */
static void test_held(void **state)
{
	static const struct {
		const char *config;
		size_t count;
	} rows[] = {
		{"vf-of=03:00.0", 1},
		{"vf-of=03:00.0 driver=pci-stub", 1},
		{"vf-of=03:00.0 id=8086:*", 0},
		{"keep vf-of=03:00.0", 0},
		{"vf-of=09:00.0", 0},
		{"03:00.0", 0},
		{"vf-of=03:00.0\nvf-of=01:00.0", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, NAMES);
		assert_int_equal(scene.selection.held_count, rows[i].count);
		if (rows[i].count > 0)
			assert_int_equal(scene.selection.held[0]->address.bus, 3);
		scene_clear(&scene);
	}
}

/* Virtual functions are made later: that there are none is not the rule's fault. */
static void test_no_vfs_yet(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "vf-of=01:00.0\nvf-of=09:00.0\nvf-of=03:00.0 id=1:1", NAMES);
	assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "01:00.0")->text,
		"no virtual functions now");
	assert_int_equal(findings_count(&scene.findings, VERDICT_UNMATCHED, NULL), 2);
	assert_contains(findings_first(&scene.findings, VERDICT_UNMATCHED, "")->text,
		"there is no PCI function 0000:09:00.0");
	scene_clear(&scene);
}

static void test_widening(void **state)
{
	static const struct {
		const char *config;
		const char *wanted;
		const char *widened; /* one that is so; the first wanted one is not */
	} rows[] = {
		{"01:00.0 with=slot", "01:00.0 01:00.1", "01:00.1"},
		{"01:00.0 id=10de:2206 with=slot", "01:00.0 01:00.1", "01:00.1"},
		{"id=10de:2206 with=group", "01:00.0 01:00.1", "01:00.1"},
		{"00:1f.3 with=slot", "00:1f.3 00:1f.6", "00:1f.6"},
		{"00:1f.3 with=group", "00:1f.3 00:1f.6", "00:1f.6"},
		{"02:00.0 with=slot", "02:00.0", NULL},
		{"02:00.0 with=group", "02:00.0", NULL},
		{"04:00.0 with=group", "04:00.0", NULL}, /* no group is not a group */
		/* not the device it should be: nothing around it either */
		{"01:00.0 id=1002:* with=slot", "01:00.0", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, DESKTOP);
		if (strcmp(scene_wanted_text(&scene), rows[i].wanted) != 0)
			fail_msg("%s: %s", rows[i].config, scene_wanted_text(&scene));
		assert_false(scene.selection.items[0].widened);
		if (rows[i].widened)
			assert_true(scene_wanted(&scene, rows[i].widened)->widened);
		scene_clear(&scene);
	}
}

/* Named by one rule both ways: it is named. */
static void test_named_beats_widened(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.* with=group", DESKTOP);
	assert_false(scene_wanted(&scene, "01:00.0")->widened);
	assert_false(scene_wanted(&scene, "01:00.1")->widened);
	scene_clear(&scene);
}

static void test_keep(void **state)
{
	static const struct {
		const char *config;
		const char *wanted;
	} rows[] = {
		{"01:00.*\nkeep 01:00.1", "01:00.0"},
		{"keep 01:00.1\n01:00.*", "01:00.0"},
		{"01:00.0 with=slot\nkeep 01:00.1", "01:00.0"},
		{"group=2\nkeep id=8086:6", "00:1f.3"},
		{"id=144d:a808\nkeep path=00:1d.0/00.0", "03:00.0"},
		{"id=10de:*\nkeep 01:00.0 with=slot", ""},
		{"id=10de:*\nkeep 01:00.0 with=group", ""},
		{"id=10de:*\nkeep group=1", ""},
		/* all of it, also what no rule reaches by its group */
		{"00:1f.4 allow=bridge\nkeep group=2", ""},
		{"00:1f.4 allow=bridge\nkeep group=00:1f.3", ""},
		{"00:1f.4 allow=bridge\nkeep 00:1f.3 with=group", ""},
		{"00:1f.4 allow=bridge\nkeep 00:1f.3 with=slot", ""},
		/* a keep with an id that is not there protects nothing */
		{"01:00.0\nkeep 01:00.0 id=1002:*", "01:00.0"},
		{"01:00.0\nkeep 01:00.0 id=10de:*", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_select(&scene, rows[i].config, DESKTOP);
		if (strcmp(scene_wanted_text(&scene), rows[i].wanted) != 0)
			fail_msg("%s: %s", rows[i].config, scene_wanted_text(&scene));
		scene_clear(&scene);
	}
}

static void test_keep_is_said(void **state)
{
	const struct finding *kept;
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0\nkeep 01:00.*", DESKTOP);
	assert_int_equal(scene.selection.count, 0);
	assert_int_equal(scene.findings.count, 1);
	kept = findings_first(&scene.findings, VERDICT_KEPT, "01:00.0");
	assert_string_equal(kept->origin, SCENE_FILE ":2");
	assert_string_equal(kept->driver, "");
	assert_int_equal(kept->severity, SEVERITY_INFO);
	scene_clear(&scene);
}

/* One line a device, however many rules would have taken it. */
static void test_keep_is_said_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0\nid=10de:2206\ngroup=1\nkeep 01:00.0", DESKTOP);
	assert_string_equal(scene_wanted_text(&scene), "01:00.1");
	assert_int_equal(findings_count(&scene.findings, VERDICT_KEPT, "01:00.0"), 1);
	scene_clear(&scene);
}

/* Neither group= nor widening ever reaches what holds the machine together. */
static void test_infrastructure_is_out_of_reach(void **state)
{
	static const char *const configs[] = {"group=0", "group=1", "group=2",
		"group=00:00.0", "group=00:1f.4", "01:00.0 with=group",
		"00:1f.3 with=slot", "id=8086:6 with=slot", "id=8086:6 with=group",
		"group=2 with=slot", "group=2 with=group", "group=1 with=group"};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct scene scene;

		scene_select(&scene, configs[i], DESKTOP);
		for (size_t j = 0; j < scene.selection.count; j++)
			assert_false(pci_function_is_infrastructure(
				scene.selection.items[j].function));
		scene_clear(&scene);
	}
}

static void test_unmatched(void **state)
{
	static const struct {
		const char *line;
		const char *part;
	} rows[] = {
		{"05:00.0", "there is no PCI function 0000:05:00.0"},
		{"05:00.*", "there is no PCI function 0000:05:00.*"},
		{"path=00:1c.0/00.0", "at path 00:1c.0/00.0"},
		{"id=1002:*", "no device with id 1002:*"},
		{"group=77", "in IOMMU group 77"},
		{"group=05:00.0", "there is no PCI function 0000:05:00.0"},
		{"group=04:00.0", "no IOMMU group (is the IOMMU on?) for 0000:04:00.0"},
		{"group=3 id=10de:*", "in IOMMU group 3"},
		{"group=02:00.0 id=10de:*", "in the IOMMU group of 0000:02:00.0"},
		{"group=00:00.0", "in the IOMMU group of 0000:00:00.0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *finding;
		struct scene scene;

		scene_select(&scene, rows[i].line, DESKTOP);
		assert_int_equal(scene.selection.count, 0);
		assert_int_equal(scene.findings.count, 1);
		finding = findings_first(&scene.findings, VERDICT_UNMATCHED, "");
		assert_contains(finding->text, rows[i].part);
		assert_lacks(finding->text, "(null)");
		assert_string_equal(finding->origin, SCENE_FILE ":1");
		assert_int_equal(finding->severity, SEVERITY_WARNING);
		scene_clear(&scene);
	}
}

/* The function is there; what does not hold is the other term. */
static void test_unmatched_tells_the_truth(void **state)
{
	static const char *const lines[] = {"01:00.0 group=2",
		"01:00.0 path=00:01.0/00.1", "01:00.0 group=02:00.0",
		"path=00:01.0/00.0 group=2", "keep 01:00.0 id=1002:*"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct scene scene;

		scene_select(&scene, lines[i], DESKTOP);
		assert_lacks(findings_first(&scene.findings, VERDICT_UNMATCHED, "")->text,
			"there is no PCI function");
		scene_clear(&scene);
	}
}

/* A keep rule that protects nothing, as one with a typing error, must be said. */
static void test_unmatched_keep(void **state)
{
	static const char *const lines[] = {
		"keep 05:00.0", "keep 01:00.0 id=1002:*", "keep group=77"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct scene scene;

		scene_select(&scene, lines[i], DESKTOP);
		if (findings_count(&scene.findings, VERDICT_UNMATCHED, NULL) != 1)
			fail_msg("%s: nothing said", lines[i]);
		scene_clear(&scene);
	}
}

static void test_no_iommu_hint(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "group=1", ROWS("01:00.0 10de:2206 030000 - -"));
	assert_contains(findings_first(&scene.findings, VERDICT_UNMATCHED, "")->text,
		"IOMMU group 1 (is the IOMMU on?)");
	scene_clear(&scene);
	scene_select(&scene, "group=1", ROWS());
	assert_int_equal(findings_count(&scene.findings, VERDICT_UNMATCHED, ""), 1);
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_behind_vmd),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_no_vfs_yet),
		cmocka_unit_test(test_widening),
		cmocka_unit_test(test_named_beats_widened),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_keep_is_said),
		cmocka_unit_test(test_keep_is_said_once),
		cmocka_unit_test(test_infrastructure_is_out_of_reach),
		cmocka_unit_test(test_unmatched),
		cmocka_unit_test(test_unmatched_tells_the_truth),
		cmocka_unit_test(test_unmatched_keep),
		cmocka_unit_test(test_no_iommu_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
