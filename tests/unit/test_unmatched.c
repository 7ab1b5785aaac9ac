/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/unmatched.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* Group 4 was that of the cards at 01:00 once; group 6 has only what belongs to the
 * board. */
static const char *const machine_rows[] = {"00:1f.0 8086:3 060100 6 -",
	"00:1f.2 8086:2922 010601 4 ahci", "00:1f.3 8086:5 0c0500 4 i801_smbus",
	"01:00.0 10de:2206 030000 5 -", "01:00.1 10de:1aef 040300 5 -",
	"02:00.0 144d:a808 010802 - nvme", "03:00.0 1b36:5 00ff00 7 -",
	"03:00.1 1b36:5 00ff00 7 -", "03:00.2 1b36:5 00ff00 7 -",
	"03:00.3 1b36:5 00ff00 7 -", NULL};

/* What is said of the one rule, without the words that begin it. */
static void check(const char *config, const char *const rows[], const char *expected)
{
	static const char start[] = "the rule matches nothing: ";
	struct scene scene;
	const struct finding *finding;

	scene_select(&scene, config, rows);
	assert_string_equal(scene_wanted_text(&scene), "");
	assert_int_equal(findings_count(&scene.findings, VERDICT_UNMATCHED, NULL), 1);
	finding = findings_first(&scene.findings, VERDICT_UNMATCHED, "");
	assert_memory_equal(finding->text, start, strlen(start));
	assert_string_equal(finding->text + strlen(start), expected);
	assert_string_equal(finding->origin, SCENE_FILE ":1");
	scene_clear(&scene);
}

static void test_terms(void **state)
{
	static const struct {
		const char *config;
		const char *words;
	} rows[] = {
		{"04:00.0", "there is no PCI function 0000:04:00.0"},
		{"id=dead:beef", "there is no device with id dead:beef"},
		{"group=9", "there is no endpoint in IOMMU group 9"},
		{"group=02:00.0", "no IOMMU group (is the IOMMU on?) for 0000:02:00.0"},
		{"group=04:00.0", "there is no PCI function 0000:04:00.0"},
		{"class=display id=144d:a808", "no device fits all its terms at once"},
		{"vf-of=04:00.0", "there is no PCI function 0000:04:00.0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].config, machine_rows, rows[i].words);
}

/* What is in the group, and where that is which the rule is about. */
static void test_groups(void **state)
{
	static const struct {
		const char *config;
		const char *words;
	} rows[] = {
		{"group=4 id=10de:2206",
			"in IOMMU group 4 there is only 0000:00:1f.2 [8086:2922]; "
			"0000:01:00.0 is in group 5"},
		{"id=10de:* group=4",
			"in IOMMU group 4 there is only 0000:00:1f.2 [8086:2922]; "
			"0000:01:00.0 is in group 5; 0000:01:00.1 is in group 5"},
		{"group=4 class=nvme",
			"in IOMMU group 4 there is only 0000:00:1f.2 [8086:2922]; "
			"0000:02:00.0 is in no group"},
		{"group=4 path=01:00.0",
			"in IOMMU group 4 there is only 0000:00:1f.2 [8086:2922]; "
			"0000:01:00.0 is in group 5"},
		{"group=6 id=10de:2206",
			"there is no endpoint in IOMMU group 6; 0000:01:00.0 is in group "
			"5"},
		{"group=9 id=10de:2206",
			"there is no endpoint in IOMMU group 9; 0000:01:00.0 is in group "
			"5"},
		{"group=7 id=10de:2206",
			"in IOMMU group 7 there is only 0000:03:00.0 [1b36:0005], "
			"0000:03:00.1 [1b36:0005], 0000:03:00.2 [1b36:0005] and others; "
			"0000:01:00.0 is in group 5"},
		{"group=4 id=1b36:5",
			"in IOMMU group 4 there is only 0000:00:1f.2 [8086:2922]; "
			"0000:03:00.0 is in group 7; 0000:03:00.1 is in group 7; "
			"0000:03:00.2 is in group 7"},
		{"group=00:1f.2 id=10de:2206",
			"in the IOMMU group of 0000:00:1f.2 there is only 0000:00:1f.2 "
			"[8086:2922]; 0000:01:00.0 is in group 5"},
		/* It is nowhere: that it is not in the group says less. */
		{"group=4 id=dead:beef", "there is no device with id dead:beef"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].config, machine_rows, rows[i].words);
}

static void test_no_iommu(void **state)
{
	(void)state;
	check("group=4 id=10de:2206", ROWS("01:00.0 10de:2206 030000 - -"),
		"there is no endpoint in IOMMU group 4 (is the IOMMU on?); 0000:01:00.0 "
		"is "
		"in no group");
}

/* The longest addresses there are leave the words whole. */
static void test_longest(void **state)
{
	(void)state;
	check("group=1 id=10de:2206",
		ROWS("7fffffff:00:1f.2 8086:2922 010601 1 -",
			"7fffffff:00:1f.4 8086:2922 010601 1 -",
			"7fffffff:00:1f.5 8086:2922 010601 1 -",
			"7fffffff:00:1f.6 8086:2922 010601 1 -",
			"7fffffff:01:00.0 10de:2206 030000 2147483646 -",
			"7fffffff:02:00.0 10de:2206 030000 2147483646 -",
			"7fffffff:03:00.0 10de:2206 030000 2147483646 -"),
		"in IOMMU group 1 there is only 7fffffff:00:1f.2 [8086:2922], "
		"7fffffff:00:1f.4 [8086:2922], 7fffffff:00:1f.5 [8086:2922] and others; "
		"7fffffff:01:00.0 is in group 2147483646; 7fffffff:02:00.0 is in group "
		"2147483646; 7fffffff:03:00.0 is in group 2147483646");
}

static void test_why(void **state)
{
	static const char other[] = "has no virtual functions now; the rule matches";

	(void)state;
	assert_string_equal(unmatched_why("the rule matches nothing: there is no NIC"),
		"there is no NIC");
	assert_string_equal(unmatched_why(other), other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_no_iommu),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
