/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of several rules owns a device, and what is said about the others. */
#include "core/selection.h"

#include "core/identity.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GPU                                                                              \
	ROWS("01:00.0 10de:2206 030000 1 -", "01:00.1 10de:1aef 040300 1 -",             \
		"02:00.0 144d:a808 010802 2 nvme")

static void test_first_rule_wins(void **state)
{
	const struct finding *note;
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0 unbind=never\nid=10de:* driver=pci-stub", GPU);
	assert_string_equal(scene_wanted_text(&scene), "01:00.0 01:00.1");
	assert_int_equal(scene_wanted(&scene, "01:00.0")->rule->source.line, 1);
	assert_int_equal(scene_wanted(&scene, "01:00.1")->rule->source.line, 2);
	assert_int_equal(scene.findings.count, 1);
	note = findings_first(&scene.findings, VERDICT_NOTE, "01:00.0");
	assert_string_equal(note->origin, SCENE_FILE ":2");
	assert_contains(note->text, SCENE_FILE ":1");
	assert_contains(note->text, "the first rule wins");
	scene_clear(&scene);
}

static void test_same_options_are_no_conflict(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0\nid=10de:*\n01:00.* with=group", GPU);
	assert_int_equal(scene_wanted(&scene, "01:00.0")->rule->source.line, 1);
	assert_int_equal(scene_wanted(&scene, "01:00.1")->rule->source.line, 2);
	assert_int_equal(scene.findings.count, 0);
	scene_clear(&scene);
}

static void test_each_option_is_a_conflict(void **state)
{
	static const char *const options[] = {"driver=pci-stub", "unbind=always",
		"unbind=never", "allow=storage", "d3=off", "framebuffer=leave"};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct scene scene;
		char config[128];

		snprintf(config, sizeof(config), "02:00.0\n02:00.0 %s", options[i]);
		scene_select(&scene, config, GPU);
		assert_int_equal(scene.selection.items[0].rule->source.line, 1);
		assert_int_equal(
			findings_count(&scene.findings, VERDICT_NOTE, "02:00.0"), 1);
		scene_clear(&scene);
	}
}

/* A rule that reaches a device on several ways is one conflict, not several. */
static void test_conflict_is_said_once(void **state)
{
	static const char *const seconds[] = {"01:00.* with=slot", "01:00.* with=group",
		"group=1 with=slot", "id=10de:* with=group"};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct scene scene;
		char config[128];

		snprintf(config, sizeof(config), "01:00.0 driver=pci-stub\n%s",
			seconds[i]);
		scene_select(&scene, config, GPU);
		assert_int_equal(
			findings_count(&scene.findings, VERDICT_NOTE, "01:00.0"), 1);
		scene_clear(&scene);
	}
}

/* A stale line gives way to one that describes what is there, in either order. */
static void test_mismatch_gives_way(void **state)
{
	static const struct {
		const char *config;
		unsigned line; /* of the owner */
		bool said;
	} rows[] = {
		{"01:00.0 id=1002:*\n01:00.0 id=10de:2206", 2, true},
		{"01:00.0 id=1002:* driver=pci-stub\nid=10de:2206", 2, true},
		{"01:00.0 id=1002:*\n01:00.0", 2, true},
		{"path=01:00.0 id=1002:*\ngroup=1", 2, true},
		{"01:00.0 id=10de:2206\n01:00.0 id=1002:*", 1, false},
		{"01:00.0 id=1002:*\n01:00.0 id=1002:73bf", 1, false},
		{"01:00.0 id=1002:*\n01:00.0 id=1002:73bf\nid=10de:*", 3, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *note;
		struct scene scene;

		scene_select(&scene, rows[i].config, GPU);
		assert_int_equal(
			scene_wanted(&scene, "01:00.0")->rule->source.line, rows[i].line);
		assert_int_equal(findings_count(&scene.findings, VERDICT_NOTE, "01:00.0"),
			rows[i].said);
		if (rows[i].said) {
			note = findings_first(&scene.findings, VERDICT_NOTE, "01:00.0");
			assert_int_equal(note->guard, GUARD_IDENTITY);
			assert_string_equal(note->origin, SCENE_FILE ":1");
		}
		scene_clear(&scene);
	}
}

/* The id of a rule describes what it names, not what with= adds: no mismatch there. */
static void test_widened_is_no_mismatch(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.0 id=10de:2206 with=slot\n01:00.1 id=10de:1aef", GPU);
	assert_int_equal(scene_wanted(&scene, "01:00.1")->rule->source.line, 1);
	for (size_t i = 0; i < scene.findings.count; i++)
		assert_lacks(scene.findings.items[i].text, "not the device");
	assert_int_equal(scene.findings.count, 0);
	scene_clear(&scene);
}

static void test_widened_owner_wins(void **state)
{
	struct scene scene;

	(void)state;
	scene_select(&scene,
		"01:00.0 id=10de:2206 with=slot\n01:00.1 id=10de:1aef driver=pci-stub",
		GPU);
	assert_int_equal(scene_wanted(&scene, "01:00.1")->rule->source.line, 1);
	assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "01:00.1")->text,
		"the first rule wins");
	scene_clear(&scene);
}

/* And a rule whose widening reaches the device of a stale line describes it. */
static void test_widening_replaces_mismatch(void **state)
{
	static const char *const seconds[] = {
		"id=10de:2206 with=slot", "01:00.0 id=10de:2206 with=slot"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene scene;
		char config[128];

		snprintf(config, sizeof(config), "01:00.1 id=1002:*\n%s", seconds[i]);
		scene_select(&scene, config, GPU);
		assert_int_equal(scene_wanted(&scene, "01:00.1")->rule->source.line, 2);
		assert_true(scene_wanted(&scene, "01:00.1")->widened);
		scene_clear(&scene);
	}
}

static void test_identity_mismatch(void **state)
{
	static const struct {
		const char *line;
		bool mismatch;
	} rows[] = {
		{"01:00.0 id=10de:2206", false},
		{"01:00.0 id=10de:*", false},
		{"01:00.0", false},
		{"01:00.0 id=1002:*", true},
		{"path=00:01.0/00.0 id=1002:*", true},
		{"01:00.* id=10de:1aef", true},
		{"id=1002:*", false},
		{"group=1 id=1002:*", false},
		{"01:00.0 id=10de:2206:1043:*", true},
	};
	struct machine machine;

	(void)state;
	machine_build(&machine, GPU);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;
		const struct rule *rule = rule_build(&config, rows[i].line);

		if (rule_identity_mismatch(rule, &machine.functions[0]) !=
			rows[i].mismatch)
			fail_msg("%s", rows[i].line);
		config_clear(&config);
	}
	machine_clear(&machine);
}

/* What is over the limit is refused one by one, and nothing below it is lost. */
static void test_device_limit(void **state)
{
	struct machine machine = {0};
	struct config config;
	struct selection selection;
	struct findings findings = {0};

	(void)state;
	rule_build(&config, "id=8086:*");
	for (unsigned i = 0; i < SELECTION_DEVICES_MAX + 3; i++) {
		struct pci_function *function = machine_add(&machine);

		assert_non_null(function);
		function->address = (struct pci_address){.bus = (uint8_t)(i / 256),
			.device = (uint8_t)(i / 8 % 32),
			.function = (uint8_t)(i % 8)};
		function->id.vendor = 0x8086;
	}
	machine_sort(&machine);
	assert_int_equal(selection_make(&config, &machine, &selection, &findings), 0);
	assert_int_equal(selection.count, SELECTION_DEVICES_MAX);
	assert_int_equal(findings_count(&findings, VERDICT_REFUSED, NULL), 3);
	assert_contains(
		findings_first(&findings, VERDICT_REFUSED, "10:00.0")->text, "4096");
	for (size_t i = 1; i < selection.count; i++)
		assert_true(pci_address_compare(&selection.items[i - 1].function->address,
				    &selection.items[i].function->address) < 0);
	findings_clear(&findings);
	selection_clear(&selection);
	config_clear(&config);
	machine_clear(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_rule_wins),
		cmocka_unit_test(test_same_options_are_no_conflict),
		cmocka_unit_test(test_each_option_is_a_conflict),
		cmocka_unit_test(test_conflict_is_said_once),
		cmocka_unit_test(test_mismatch_gives_way),
		cmocka_unit_test(test_widened_is_no_mismatch),
		cmocka_unit_test(test_widened_owner_wins),
		cmocka_unit_test(test_widening_replaces_mismatch),
		cmocka_unit_test(test_identity_mismatch),
		cmocka_unit_test(test_device_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
