/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define GPU                                                                              \
	.has_function = true, .address = {0, 1, 0, 0}, .id = {0x10de, 0x2206, 0, 0},     \
	.class_code = 0x030000
#define NVME                                                                             \
	.has_function = true, .address = {0x10000, 0xe1, 0, 1},                          \
	.id = {0x144d, 0xa808, 0x144d, 0xa801}, .class_code = 0x010802
#define CONF "/etc/vfio-early.conf"

static void test_line(void **state)
{
	static const struct {
		struct finding finding;
		const char *line;
	} rows[] = {
		{{.verdict = VERDICT_BOUND,
			 GPU,
			 .origin = CONF ":3",
			 .text = "bound to vfio-pci"},
			"0000:01:00.0 [10de:2206] display: bound to vfio-pci (" CONF
			":3)"},
		{{.verdict = VERDICT_REFUSED,
			 .guard = GUARD_ROOT_DISK,
			 NVME,
			 .origin = CONF ":7",
			 .text = "refused, root-disk: carries / (UUID=1); "
				 "protected, taken only with allow=root-disk"},
			"10000:e1:00.1 [144d:a808] nvme: refused, root-disk: carries / "
			"(UUID=1); protected, taken only with allow=root-disk (" CONF
			":7)"},
		{{.verdict = VERDICT_PROBLEM, .origin = CONF ":4:9", .text = "no"},
			CONF ":4:9: no"},
		{{.verdict = VERDICT_PROBLEM, .text = "no"}, "no"},
		{{.verdict = VERDICT_NOTE, .text = "just words"}, "just words"},
		{{.verdict = VERDICT_NOTE, GPU, .text = "just words"},
			"0000:01:00.0 [10de:2206] display: just words"},
		{{.verdict = VERDICT_UNMATCHED,
			 .origin = "kernel command line",
			 .text = "the rule matches nothing"},
			"the rule matches nothing (kernel command line)"},
		{{.verdict = VERDICT_NOTE, .origin = "a\nb", .text = "x\ty\x1b[0m\x7f"},
			"x\\x09y\\x1b[0m\\x7f (a\\x0ab)"},
		{{.verdict = VERDICT_NOTE, .text = "%s%n 100%"}, "%s%n 100%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[REPORT_LINE_MAX];

		report_line(&rows[i].finding, line);
		assert_string_equal(line, rows[i].line);
	}
}

/* The longest of everything fits, whole where nothing has to be escaped. */
static void test_longest_line(void **state)
{
	struct finding finding = {NVME, .verdict = VERDICT_REFUSED};
	char *line = malloc(REPORT_LINE_MAX);

	(void)state;
	finding.address.domain = 0x7fffffff;
	finding.class_code = 0x110000;
	memset(finding.text, 't', sizeof(finding.text) - 1);
	memset(finding.origin, 'o', sizeof(finding.origin) - 1);
	report_line(&finding, line);
	assert_true(strlen(line) <= REPORT_LINE_MAX);
	assert_string_equal(line + strlen(line) - 3, "oo)");
	memset(finding.text, '\n', sizeof(finding.text) - 1);
	report_line(&finding, line);
	assert_true(strlen(line) < REPORT_LINE_MAX);
	assert_true(strlen(line) > REPORT_LINE_MAX - 8);
	for (const char *c = line; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
	assert_string_equal(line + strlen(line) - 4, "\\x0a");
	free(line);
}

static void add(struct report *report, enum verdict verdict, unsigned count)
{
	struct finding finding = {.verdict = verdict, .severity = SEVERITY_INFO};

	while (count-- > 0)
		assert_int_equal(findings_append(&report->findings, &finding), 0);
}

static void test_summary(void **state)
{
	static const struct {
		enum run_mode mode;
		unsigned bound, already, would, refused, failed, unmatched;
		const char *text;
	} rows[] = {
		{RUN_NORMAL, 2, 0, 0, 1, 0, 0,
			"2 bound, 1 refused, 0 failed, 0 unmatched rules, 24 devices "
			"seen "
			"in 9 ms"},
		{RUN_NORMAL, 1, 3, 0, 0, 0, 2,
			"1 bound, 3 already bound, 0 refused, 0 failed, 2 unmatched "
			"rules, "
			"24 devices seen in 9 ms"},
		{RUN_NORMAL, 0, 2, 0, 0, 0, 0,
			"0 bound, 2 already bound, 0 refused, 0 failed, 0 unmatched "
			"rules, "
			"24 devices seen in 9 ms; nothing changed"},
		{RUN_NORMAL, 0, 0, 0, 0, 1, 0,
			"0 bound, 0 refused, 1 failed, 0 unmatched rules, 24 devices "
			"seen "
			"in 9 ms"},
		{RUN_DRY, 0, 0, 4, 1, 0, 0,
			"4 would be bound, 1 refused, 0 failed, 0 unmatched rules, 24 "
			"devices seen in 9 ms; dry run, nothing changed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report report = {
			.mode = rows[i].mode, .seen = 24, .elapsed_ms = 9};
		char line[REPORT_LINE_MAX];

		add(&report, VERDICT_BOUND, rows[i].bound);
		add(&report, VERDICT_ALREADY, rows[i].already);
		add(&report, VERDICT_WOULD_BIND, rows[i].would);
		add(&report, VERDICT_REFUSED, rows[i].refused);
		add(&report, VERDICT_FAILED, rows[i].failed);
		add(&report, VERDICT_UNMATCHED, rows[i].unmatched);
		add(&report, VERDICT_NOTE, 5);
		add(&report, VERDICT_PROBLEM, 5);
		add(&report, VERDICT_KEPT, 5);
		assert_int_equal(report_count(&report, VERDICT_BOUND), rows[i].bound);
		assert_int_equal(report_count(&report, VERDICT_NOTE), 5);
		report_summary(&report, line);
		assert_string_equal(line, rows[i].text);
		report_clear(&report);
		assert_int_equal(report.findings.count, 0);
	}
}

static void test_summary_largest(void **state)
{
	struct report report = {.seen = UINT32_MAX, .elapsed_ms = UINT32_MAX};
	char line[REPORT_LINE_MAX];

	(void)state;
	add(&report, VERDICT_ALREADY, 1000);
	report_summary(&report, line);
	assert_non_null(strstr(line, "1000 already bound, 0 refused"));
	assert_non_null(strstr(line, "4294967295 devices seen in 4294967295 ms"));
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_summary_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
