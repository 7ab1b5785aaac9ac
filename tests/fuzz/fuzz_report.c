/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "core/report.h"

#include <errno.h>

static void check_finding(const struct finding *a, const struct finding *b)
{
	CHECK(a->severity == b->severity && a->verdict == b->verdict);
	CHECK(a->guard == b->guard && a->has_function == b->has_function);
	CHECK(strcmp(a->driver, b->driver) == 0 && strcmp(a->origin, b->origin) == 0);
	CHECK(strcmp(a->text, b->text) == 0);
	if (!a->has_function)
		return;
	CHECK(pci_address_compare(&a->address, &b->address) == 0);
	CHECK(memcmp(&a->id, &b->id, sizeof(a->id)) == 0);
	CHECK(a->class_code == b->class_code);
}

static void check_line(const struct finding *finding)
{
	char line[REPORT_LINE_MAX];

	report_line(finding, line);
	CHECK(memchr(line, '\0', sizeof(line)));
	for (const char *c = line; *c; c++)
		CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_identity(const struct report *report)
{
	struct report again;
	unsigned line = 0;
	char *text = report_print(report), *second;

	CHECK(text);
	for (const char *c = text; *c; c++)
		CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'));
	CHECK(report_parse(text, strlen(text), &again, &line) == 0);
	CHECK(strcmp(report->version, again.version) == 0 && report->mode == again.mode);
	CHECK(report->seen == again.seen && report->elapsed_ms == again.elapsed_ms);
	CHECK(report->hung == again.hung);
	CHECK(report->findings.count == again.findings.count);
	for (size_t i = 0; i < again.findings.count; i++) {
		check_finding(&report->findings.items[i], &again.findings.items[i]);
		check_line(&again.findings.items[i]);
	}
	second = report_print(&again);
	CHECK(second && strcmp(text, second) == 0);
	free(second);
	free(text);
	report_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report;
	char summary[REPORT_LINE_MAX];
	unsigned line = 0;
	int r = report_parse((const char *)data, size, &report, &line);

	if (r < 0) {
		CHECK(r == -EBADMSG || r == -EPROTONOSUPPORT);
		CHECK(line <= size + 1);
		return 0;
	}
	report_summary(&report, summary);
	CHECK(strlen(summary) < sizeof(summary));
	check_identity(&report);
	report_clear(&report);
	return 0;
}
