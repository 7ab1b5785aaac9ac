/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/finding.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_source(void **state)
{
	static const struct {
		struct source source;
		const char *text;
	} rows[] = {
		{{NULL, 0}, ""},
		{{NULL, 7}, ""},
		{{"/etc/x.conf", 0}, "/etc/x.conf"},
		{{"/etc/x.conf", 7}, "/etc/x.conf:7"},
		{{"a", 4294967295U}, "a:4294967295"},
	};
	char out[32], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		source_format(&rows[i].source, out, sizeof(out));
		assert_string_equal(out, rows[i].text);
	}
	source_format(&rows[3].source, small, sizeof(small));
	assert_string_equal(small, "/etc/x.");
}

static void test_verdict_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		assert_non_null(verdict_name((enum verdict)i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(verdict_name((enum verdict)i),
				verdict_name((enum verdict)j));
	}
	assert_string_equal(verdict_name(VERDICT_BOUND), "bound");
	assert_string_equal(verdict_name(VERDICT_REFUSED), "refused");
	assert_null(verdict_name(VERDICT_COUNT));
}

static void test_add(void **state)
{
	struct findings findings = {0};
	struct machine machine;
	struct config config;
	const struct rule *rule = rule_build(&config, "\n01:00.0 driver=pci-stub");

	(void)state;
	machine_build(&machine, ROWS("01:00.0 10de:2206:1043:87d2 030000 1 -"));
	finding_add(&findings, SEVERITY_WARNING, VERDICT_REFUSED, GUARD_BOUND,
		&machine.functions[0], rule, "%s %d", "text", 7);
	finding_add(&findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, NULL, NULL, "x");
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.items[0].severity, SEVERITY_WARNING);
	assert_int_equal(findings.items[0].verdict, VERDICT_REFUSED);
	assert_int_equal(findings.items[0].guard, GUARD_BOUND);
	assert_true(findings.items[0].has_function);
	assert_int_equal(findings.items[0].address.bus, 1);
	assert_int_equal(findings.items[0].id.subdevice, 0x87d2);
	assert_int_equal(findings.items[0].class_code, 0x030000);
	assert_string_equal(findings.items[0].driver, "pci-stub");
	assert_string_equal(findings.items[0].origin, SCENE_FILE ":2");
	assert_string_equal(findings.items[0].text, "text 7");
	assert_false(findings.items[1].has_function);
	assert_string_equal(findings.items[1].driver, "");
	assert_string_equal(findings.items[1].origin, "");
	findings_clear(&findings);
	assert_int_equal(findings.count, 0);
	config_clear(&config);
	machine_clear(&machine);
}

static void test_add_problem(void **state)
{
	static const struct {
		struct problem problem;
		const char *origin;
	} rows[] = {
		{{{"f", 3}, 8, "text"}, "f:3:8"},
		{{{"f", 3}, 0, "text"}, "f:3"},
		{{{"f", 0}, 8, "text"}, "f"},
		{{{NULL, 0}, 8, "text"}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct findings findings = {0};

		finding_add_problem(&findings, &rows[i].problem);
		assert_int_equal(findings.count, 1);
		assert_int_equal(findings.items[0].verdict, VERDICT_PROBLEM);
		assert_int_equal(findings.items[0].severity, SEVERITY_ERROR);
		assert_string_equal(findings.items[0].origin, rows[i].origin);
		assert_string_equal(findings.items[0].text, "text");
		findings_clear(&findings);
	}
}

/* Whatever is too long is cut and stays a string. */
static void test_too_long(void **state)
{
	static char name[1000], words[1000];
	struct rule rule = {.source = {name, 12}};
	struct problem problem = {.source = {name, 12}, .column = 3};
	struct findings findings = {0};

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	memset(words, 'w', sizeof(words) - 1);
	memset(problem.text, 'p', sizeof(problem.text) - 1);
	finding_add(&findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, NULL, &rule, "%s",
		words);
	finding_add_problem(&findings, &problem);
	assert_int_equal(strlen(findings.items[0].origin), FINDING_ORIGIN_MAX - 1);
	assert_int_equal(strlen(findings.items[0].text), FINDING_TEXT_MAX - 1);
	assert_int_equal(strlen(findings.items[1].origin), FINDING_ORIGIN_MAX - 1);
	assert_int_equal(strlen(findings.items[1].text), PROBLEM_TEXT_MAX - 1);
	findings_clear(&findings);
}

static void test_append_many(void **state)
{
	struct findings findings = {0};
	struct finding finding = {.severity = SEVERITY_INFO};

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		finding.class_code = i;
		assert_int_equal(findings_append(&findings, &finding), 0);
	}
	assert_int_equal(findings.count, 500);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(findings.items[i].class_code, i);
	assert_false(findings.incomplete);
	findings_clear(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_verdict_names),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_problem),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_append_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
