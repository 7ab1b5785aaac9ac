/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/identity.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TWINS                                                                            \
	ROWS("01:00.0 10de:2206 030000 1 -", "01:00.1 10de:1aef 040300 1 -",             \
		"02:00.0 10de:2206 030000 2 -")

/* Which lines name a place only: one notice a line, with the id to add. */
static void test_note(void **state)
{
	static const struct {
		const char *config;
		const char *address; /* "" for no notice */
		const char *id;
	} rows[] = {
		{"01:00.0", "01:00.0", "add id=10de:2206,"},
		{"01:00.1", "01:00.1", "add id=10de:1aef,"},
		{"path=01:00.1", "01:00.1", "add id=10de:1aef,"},
		{"01:00.*", "01:00.0", "add id=10de:2206,"},
		{"01:00.0 with=slot", "01:00.0", "add id=10de:2206,"},
		{"01:00.0 id=10de:2206", "", ""},
		{"01:00.0 id=1002:*", "", ""},
		{"id=10de:2206", "", ""},
		{"group=1", "", ""},
		{"keep 01:00.0", "", ""},
		{"05:00.0", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct findings findings = {0};
		struct scene scene;

		scene_select(&scene, rows[i].config, TWINS);
		identity_note(&scene.selection, &findings);
		assert_int_equal(findings.count, rows[i].address[0] ? 1 : 0);
		if (rows[i].address[0])
			assert_contains(
				findings_first(&findings, VERDICT_NOTE, rows[i].address)
					->text,
				rows[i].id);
		findings_clear(&findings);
		scene_clear(&scene);
	}
}

/* Each line gets its own, and the kernel command line, for one boot, gets none. */
static void test_note_each_line(void **state)
{
	struct findings findings = {0};
	struct scene scene;

	(void)state;
	scene_select(&scene, "01:00.*\n02:00.0", TWINS);
	identity_note(&scene.selection, &findings);
	assert_int_equal(findings.count, 2);
	assert_string_equal(findings.items[0].origin, SCENE_FILE ":1");
	assert_string_equal(findings.items[1].origin, SCENE_FILE ":2");
	for (size_t i = 0; i < scene.config.rule_count; i++)
		scene.config.rules[i].source.line = 0;
	identity_note(&scene.selection, &findings);
	assert_int_equal(findings.count, 2);
	findings_clear(&findings);
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_note_each_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
