/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report as text: printed as report.h says, read back as it was, else refused. */
#include "core/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST  "vfio-early-report 1\n"
#define HEADER FIRST "version=0.1.0 mode=normal seen=24 elapsed_ms=9 hung=0\n"
#define BOUND                                                                            \
	"finding severity=6 verdict=bound guard= device=0000:01:00.0 "                   \
	"id=10de:2206:1043:87d2 class=030000 driver=vfio-pci "                           \
	"origin=/etc/vfio-early.conf:3 text=bound%20to%20vfio-pci\n"
#define NOTE "finding severity=5 verdict=note guard= driver= origin= text=\n"

static int parse(const char *text, size_t length, struct report *report, unsigned *line)
{
	/* In a buffer of just that size: see with ASan. */
	char *copy = malloc(length > 0 ? length : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, length);
	*report = (struct report){0};
	*line = 0;
	r = report_parse(copy, length, report, line);
	free(copy);
	return r;
}

static void test_print(void **state)
{
	struct finding items[] = {
		{.severity = SEVERITY_INFO,
			.verdict = VERDICT_BOUND,
			.has_function = true,
			.address = {0, 1, 0, 0},
			.id = {0x10de, 0x2206, 0x1043, 0x87d2},
			.class_code = 0x030000,
			.driver = "vfio-pci",
			.origin = "/etc/vfio-early.conf:3",
			.text = "bound to vfio-pci"},
		{.severity = SEVERITY_NOTICE, .verdict = VERDICT_NOTE},
	};
	struct report report = {.version = "0.1.0",
		.seen = 24,
		.elapsed_ms = 9,
		.findings = {.items = items, .count = 2}};
	char *text = report_print(&report);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, HEADER BOUND NOTE);
	free(text);
}

static void test_parse(void **state)
{
	struct report report;
	const struct finding *finding;
	unsigned line;

	(void)state;
	assert_int_equal(
		parse(HEADER BOUND NOTE, strlen(HEADER BOUND NOTE), &report, &line), 0);
	assert_string_equal(report.version, "0.1.0");
	assert_int_equal(report.mode, RUN_NORMAL);
	assert_int_equal(report.seen, 24);
	assert_int_equal(report.elapsed_ms, 9);
	assert_int_equal(report.hung, 0);
	assert_int_equal(report.findings.count, 2);
	finding = &report.findings.items[0];
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_int_equal(finding->verdict, VERDICT_BOUND);
	assert_int_equal(finding->guard, GUARD_NONE);
	assert_true(finding->has_function);
	assert_int_equal(finding->address.bus, 1);
	assert_int_equal(finding->id.subvendor, 0x1043);
	assert_int_equal(finding->class_code, 0x030000);
	assert_string_equal(finding->driver, "vfio-pci");
	assert_string_equal(finding->origin, "/etc/vfio-early.conf:3");
	assert_string_equal(finding->text, "bound to vfio-pci");
	assert_false(report.findings.items[1].has_function);
	report_clear(&report);
}

static void assert_same(const struct finding *a, const struct finding *b)
{
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->guard, b->guard);
	assert_int_equal(a->has_function, b->has_function);
	assert_int_equal(pci_address_compare(&a->address, &b->address), 0);
	assert_memory_equal(&a->id, &b->id, sizeof(a->id));
	assert_int_equal(a->class_code, b->class_code);
	assert_string_equal(a->driver, b->driver);
	assert_string_equal(a->origin, b->origin);
	assert_string_equal(a->text, b->text);
}

static void check_identity(const struct report *report)
{
	char *text = report_print(report), *again;
	struct report back;
	unsigned line;
	int r;

	assert_non_null(text);
	r = parse(text, strlen(text), &back, &line);
	if (r != 0)
		fail_msg("%d in line %u of:\n%s", r, line, text);
	assert_string_equal(back.version, report->version);
	assert_int_equal(back.mode, report->mode);
	assert_int_equal(back.seen, report->seen);
	assert_int_equal(back.elapsed_ms, report->elapsed_ms);
	assert_int_equal(back.hung, report->hung);
	assert_int_equal(back.findings.count, report->findings.count);
	for (size_t i = 0; i < back.findings.count; i++)
		assert_same(&report->findings.items[i], &back.findings.items[i]);
	again = report_print(&back);
	assert_string_equal(text, again);
	free(again);
	free(text);
	report_clear(&back);
}

/* Every verdict, guard, severity and mode, and every byte but NUL in every text. */
static void test_identity(void **state)
{
	struct report report = {.version = "1.2-rc3",
		.seen = UINT32_MAX,
		.elapsed_ms = UINT32_MAX,
		.hung = 3};

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		struct finding finding = {.severity = (enum severity)(3 + i % 5),
			.verdict = (enum verdict)(i % VERDICT_COUNT),
			.guard = (enum guard)(i % GUARD_COUNT),
			.has_function = i % 2};

		if (finding.has_function) {
			finding.address = (struct pci_address){
				i % 3 ? 0x7fffffff - i : 0, (uint8_t)i, i % 32, i % 8};
			finding.id = (struct pci_id){(uint16_t)(i * 257), 0xffff, 0, 1};
			finding.class_code = i * 65793;
		}
		for (unsigned j = 0; i > 0 && j < 1 + i % 20; j++) {
			finding.driver[j] = (char)i;
			finding.origin[j] = (char)i;
			finding.text[j] = (char)i;
		}
		if (i == 255) {
			memset(finding.driver, ' ', sizeof(finding.driver) - 1);
			memset(finding.origin, '%', sizeof(finding.origin) - 1);
			memset(finding.text, 0xff, sizeof(finding.text) - 1);
		}
		assert_int_equal(findings_append(&report.findings, &finding), 0);
	}
	for (unsigned mode = RUN_NORMAL; mode <= RUN_OFF; mode++) {
		report.mode = (enum run_mode)mode;
		check_identity(&report);
	}
	report_clear(&report);
}

static void test_odd_version(void **state)
{
	static const char *const versions[] = {"", "1 2", "50%", "1.0\nmode=off", "%41",
		"\xc3\xa9", "0123456789012345678901234567890"};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct report report = {0};

		snprintf(report.version, sizeof(report.version), "%s", versions[i]);
		check_identity(&report);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int r;
		unsigned line;
	} rows[] = {
		{"", -EBADMSG, 0},
		{"\n", -EBADMSG, 1},
		{"garbage\n", -EBADMSG, 1},
		{"vfio-early-report\nmode=off\n", -EBADMSG, 1},
		{"vfio-early-report \nmode=off\n", -EBADMSG, 1},
		{"vfio-early-report x\nmode=off\n", -EBADMSG, 1},
		{"vfio-early-report -1\nmode=off\n", -EBADMSG, 1},
		{" " HEADER, -EBADMSG, 1},
		{FIRST, -EBADMSG, 1},
		{"vfio-early-report 2\nmode=off\n", -EPROTONOSUPPORT, 1},
		{"vfio-early-report 0\nmode=off\n", -EPROTONOSUPPORT, 1},
		{"vfio-early-report 2\nanything else\n", -EPROTONOSUPPORT, 1},
		{FIRST "mode=never\n", -EBADMSG, 2},
		{FIRST "seen=-1\n", -EBADMSG, 2},
		{FIRST "seen=4294967296\n", -EBADMSG, 2},
		{FIRST "mode\n", -EBADMSG, 2},
		{FIRST "version=01234567890123456789012345678901\n", -EBADMSG, 2},
		{HEADER "finding severity=2\n", -EBADMSG, 3},
		{HEADER "finding severity=8\n", -EBADMSG, 3},
		{HEADER "finding verdict=fine\n", -EBADMSG, 3},
		{HEADER "finding verdict=\n", -EBADMSG, 3},
		{HEADER "finding guard=none\n", -EBADMSG, 3},
		{HEADER "finding device=x\n", -EBADMSG, 3},
		{HEADER "finding device=01:00.*\n", -EBADMSG, 3},
		{HEADER "finding id=10de:2206\n", -EBADMSG, 3},
		{HEADER "finding id=10de:2206:*:1\n", -EBADMSG, 3},
		{HEADER "finding class=1000000\n", -EBADMSG, 3},
		{HEADER BOUND "finding text=a%2\n", -EBADMSG, 4},
		{HEADER "finding text=a%\n", -EBADMSG, 3},
		{HEADER "finding text=a%zz\n", -EBADMSG, 3},
		{HEADER "finding text=a%00b\n", -EBADMSG, 3},
		{HEADER "finding text=a\tb\n", -EBADMSG, 3},
		{HEADER "finding text=\xc3\xa9\n", -EBADMSG, 3},
		{HEADER "finding text\n", -EBADMSG, 3},
		{HEADER "finding text=a b\n", -EBADMSG, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report report;
		unsigned line;
		int r = parse(rows[i].text, strlen(rows[i].text), &report, &line);

		if (r != rows[i].r || line != rows[i].line)
			fail_msg("row %zu: %d in line %u: %s", i, r, line, rows[i].text);
		assert_null(report.findings.items);
	}
}

static void test_too_long_values(void **state)
{
	static const struct {
		const char *key;
		size_t size;
	} rows[] = {
		{"driver", DRIVER_NAME_MAX},
		{"origin", FINDING_ORIGIN_MAX},
		{"text", FINDING_TEXT_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t length = rows[i].size - 1; length <= rows[i].size; length++) {
			char text[1024], value[512] = "";
			struct report report;
			unsigned line;

			memset(value, 'v', length);
			snprintf(text, sizeof(text), HEADER "finding %s=%s\n",
				rows[i].key, value);
			assert_int_equal(parse(text, strlen(text), &report, &line),
				length < rows[i].size ? 0 : -EBADMSG);
			report_clear(&report);
		}
	}
}

/* Keys and records of a later program are skipped. */
static void test_unknown_is_skipped(void **state)
{
	static const char text[] =
		FIRST "colour=red mode=dry-run\nlater x\n\n"
		      "finding colour=red verdict=kept\nfindings verdict=\n";
	struct report report;
	unsigned line;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &report, &line), 0);
	assert_int_equal(report.mode, RUN_DRY);
	assert_int_equal(report.findings.count, 1);
	assert_int_equal(report.findings.items[0].verdict, VERDICT_KEPT);
	report_clear(&report);
}

/* A text cut off inside a record must not pass for a shorter report. */
static void test_truncated(void **state)
{
	static const char text[] = HEADER BOUND NOTE;

	(void)state;
	for (size_t length = 0; length < strlen(text); length++) {
		bool between = length > strlen(FIRST) && text[length - 1] == '\n';
		struct report report;
		unsigned line;
		int r = parse(text, length, &report, &line);

		if (r != (between ? 0 : -EBADMSG))
			fail_msg("%zu bytes: %d: ...%.*s", length, r,
				(int)(length < 20 ? length : 20),
				text + (length < 20 ? 0 : length - 20));
		report_clear(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_odd_version),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long_values),
		cmocka_unit_test(test_unknown_is_skipped),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
