/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"
#include "report.h"

#include <errno.h>
#include <string.h>

#define MAGIC "vfio-early-report "

static const char *const mode_names[] = {
	[RUN_NORMAL] = "normal", [RUN_DRY] = "dry-run", [RUN_OFF] = "off"};

static void add_finding(struct record_text *text, const struct finding *finding)
{
	char address[PCI_ADDRESS_TEXT_MAX];

	record_add(text, "finding severity=%u verdict=%s guard=%s",
		(unsigned)finding->severity, verdict_name(finding->verdict),
		guard_name(finding->guard));
	if (finding->has_function) {
		pci_address_format(&finding->address, address);
		record_add(text, " device=%s id=%04x:%04x:%04x:%04x class=%06x", address,
			finding->id.vendor, finding->id.device, finding->id.subvendor,
			finding->id.subdevice, finding->class_code);
	}
	record_add_value(text, " driver", finding->driver);
	record_add_value(text, " origin", finding->origin);
	record_add_value(text, " text", finding->text);
	record_add(text, "\n");
}

static char *finish(struct record_text *text, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		add_finding(text, &findings->items[i]);
	return record_finish(text);
}

char *report_print(const struct report *report)
{
	struct record_text text = {0};

	record_add(&text, MAGIC "%d\n", REPORT_FORMAT_VERSION);
	record_add_value(&text, "version", report->version);
	record_add(&text, " mode=%s seen=%u elapsed_ms=%u hung=%u\n",
		mode_names[report->mode], report->seen, report->elapsed_ms, report->hung);
	return finish(&text, &report->findings);
}

char *report_print_findings(const struct report *report)
{
	struct record_text text = {0};

	record_add(&text, "%s", "");
	return finish(&text, &report->findings);
}

static int read_header(struct report *report, struct span key, struct span value)
{
	if (span_is(key, "version"))
		return span_text(value, report->version, sizeof(report->version));
	if (span_is(key, "seen"))
		return span_unsigned(value, 10, UINT32_MAX, &report->seen);
	if (span_is(key, "elapsed_ms"))
		return span_unsigned(value, 10, UINT32_MAX, &report->elapsed_ms);
	if (span_is(key, "hung"))
		return span_unsigned(value, 10, UINT32_MAX, &report->hung);
	if (!span_is(key, "mode"))
		return 0;
	for (unsigned i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (span_is(value, mode_names[i])) {
			report->mode = (enum run_mode)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_verdict(struct finding *finding, struct span value)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		if (span_is(value, verdict_name((enum verdict)i))) {
			finding->verdict = (enum verdict)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_guard(struct finding *finding, struct span value)
{
	finding->guard = guard_from_name(value.text, value.length);
	return finding->guard == GUARD_NONE && value.length > 0 ? -EBADMSG : 0;
}

static int read_severity(struct finding *finding, struct span value)
{
	unsigned number = 0;
	int r = span_unsigned(value, 10, SEVERITY_DEBUG, &number);

	if (r < 0 || number < SEVERITY_ERROR)
		return -EBADMSG;
	finding->severity = (enum severity)number;
	return 0;
}

static int read_id(struct finding *finding, struct span value)
{
	struct pci_id_pattern pattern;
	int r = pci_id_pattern_parse(value.text, value.length, &pattern);

	if (r < 0 || pattern.any_vendor || pattern.any_device || pattern.any_subvendor ||
		pattern.any_subdevice)
		return -EBADMSG;
	finding->id = pattern.id;
	return 0;
}

static int read_finding(struct finding *finding, struct span key, struct span value)
{
	if (span_is(key, "severity"))
		return read_severity(finding, value);
	if (span_is(key, "verdict"))
		return read_verdict(finding, value);
	if (span_is(key, "guard"))
		return read_guard(finding, value);
	if (span_is(key, "id"))
		return read_id(finding, value);
	if (span_is(key, "class"))
		return span_unsigned(value, 16, 0xffffff, &finding->class_code);
	if (span_is(key, "driver"))
		return span_text(value, finding->driver, sizeof(finding->driver));
	if (span_is(key, "origin"))
		return span_text(value, finding->origin, sizeof(finding->origin));
	if (span_is(key, "text"))
		return span_text(value, finding->text, sizeof(finding->text));
	if (!span_is(key, "device"))
		return 0;
	finding->has_function = true;
	return pci_address_parse(value.text, value.length, &finding->address);
}

static int read_record(struct report *report, struct span line, bool header)
{
	struct finding finding = {.severity = SEVERITY_INFO};
	struct span word;

	if (!header && (!span_next(&line, ' ', &word) || !span_is(word, "finding")))
		return 0;
	while (span_next(&line, ' ', &word)) {
		struct span key, value;
		int r;

		if (!span_divide(word, &key, &value))
			return -EBADMSG;
		r = header ? read_header(report, key, value)
			   : read_finding(&finding, key, value);
		if (r < 0)
			return -EBADMSG;
	}
	return header ? 0 : findings_append(&report->findings, &finding);
}

static int read_magic(struct span line)
{
	unsigned version = 0;

	if (line.length <= strlen(MAGIC) || memcmp(line.text, MAGIC, strlen(MAGIC)) != 0)
		return -EBADMSG;
	line.text += strlen(MAGIC);
	line.length -= strlen(MAGIC);
	if (span_unsigned(line, 10, UINT32_MAX, &version) < 0)
		return -EBADMSG;
	return version == REPORT_FORMAT_VERSION ? 0 : -EPROTONOSUPPORT;
}

int report_parse(
	const char *text, size_t length, struct report *ret_report, unsigned *ret_line)
{
	struct span rest = {text, length}, line;
	struct report report = {0};
	unsigned number = 0;
	int r = 0;

	/* Cut off inside its last line. */
	if (length == 0 || text[length - 1] != '\n')
		r = -EBADMSG;
	while (r == 0 && span_next(&rest, '\n', &line)) {
		number++;
		r = number == 1 ? read_magic(line)
				: read_record(&report, line, number == 2);
	}
	if (r == 0 && number < 2)
		r = -EBADMSG;
	if (r < 0) {
		report_clear(&report);
		*ret_line = number;
		return r;
	}
	*ret_report = report;
	return 0;
}
