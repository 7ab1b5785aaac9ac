/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "number.h"
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "vfio-early-report "

static const char *const mode_names[] = {
	[RUN_NORMAL] = "normal", [RUN_DRY] = "dry-run", [RUN_OFF] = "off"};

/* Text that grows; after a failed allocation it stays failed. */
struct text {
	char *bytes;
	size_t used;
	size_t size;
	bool failed;
};

static bool reserve(struct text *text, size_t more)
{
	size_t size = text->size ? text->size : 1024;
	char *bytes;

	if (text->failed)
		return false;
	while (size < text->used + more + 1)
		size *= 2;
	if (size == text->size)
		return true;
	bytes = realloc(text->bytes, size);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->size = size;
	return true;
}

__attribute__((format(printf, 2, 3))) static void add(
	struct text *text, const char *format, ...)
{
	char piece[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(piece)) {
		text->failed = true;
		return;
	}
	if (!reserve(text, (size_t)length))
		return;
	memcpy(text->bytes + text->used, piece, (size_t)length + 1);
	text->used += (size_t)length;
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c <= '~' && c != '%';
}

static void add_value(struct text *text, const char *key, const char *value)
{
	add(text, "%s=", key);
	for (; *value; value++)
		add(text, is_plain((unsigned char)*value) ? "%c" : "%%%02x",
			(unsigned char)*value);
}

static void add_finding(struct text *text, const struct finding *finding)
{
	char address[PCI_ADDRESS_TEXT_MAX];

	add(text, "finding severity=%u verdict=%s guard=%s", (unsigned)finding->severity,
		verdict_name(finding->verdict), guard_name(finding->guard));
	if (finding->has_function) {
		pci_address_format(&finding->address, address);
		add(text, " device=%s id=%04x:%04x:%04x:%04x class=%06x", address,
			finding->id.vendor, finding->id.device, finding->id.subvendor,
			finding->id.subdevice, finding->class_code);
	}
	add_value(text, " driver", finding->driver);
	add_value(text, " origin", finding->origin);
	add_value(text, " text", finding->text);
	add(text, "\n");
}

char *report_print(const struct report *report)
{
	struct text text = {0};

	add(&text, MAGIC "%d\n", REPORT_FORMAT_VERSION);
	add_value(&text, "version", report->version);
	add(&text, " mode=%s seen=%u elapsed_ms=%u hung=%u\n", mode_names[report->mode],
		report->seen, report->elapsed_ms, report->hung);
	for (size_t i = 0; i < report->findings.count; i++)
		add_finding(&text, &report->findings.items[i]);
	if (text.failed) {
		free(text.bytes);
		return NULL;
	}
	return text.bytes;
}

struct span {
	const char *text;
	size_t length;
};

/* The next part of *REST that ends with END; false where nothing is left. */
static bool next(struct span *rest, char end, struct span *ret_part)
{
	const char *stop;

	if (rest->length == 0)
		return false;
	stop = memchr(rest->text, end, rest->length);
	ret_part->text = rest->text;
	ret_part->length = stop ? (size_t)(stop - rest->text) : rest->length;
	rest->text += ret_part->length + (stop ? 1 : 0);
	rest->length -= ret_part->length + (stop ? 1 : 0);
	return true;
}

static bool is(struct span span, const char *text)
{
	return strlen(text) == span.length && memcmp(text, span.text, span.length) == 0;
}

static int read_unsigned(struct span value, unsigned base, unsigned max, unsigned *ret)
{
	uint64_t number;
	int r = number_parse(value.text, value.length, base, max, &number);

	if (r == 0)
		*ret = (unsigned)number;
	return r;
}

static int read_text(struct span value, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < value.length; i++) {
		unsigned byte = (unsigned char)value.text[i];

		if (value.text[i] == '%') {
			if (value.length - i < 3 ||
				read_unsigned((struct span){value.text + i + 1, 2}, 16,
					0xff, &byte) < 0 ||
				byte == 0)
				return -EBADMSG;
			i += 2;
		} else if (!is_plain((unsigned char)value.text[i])) {
			return -EBADMSG;
		}
		if (used + 1 >= size)
			return -EBADMSG;
		out[used++] = (char)byte;
	}
	out[used] = '\0';
	return 0;
}

static int read_header(struct report *report, struct span key, struct span value)
{
	if (is(key, "version"))
		return read_text(value, report->version, sizeof(report->version));
	if (is(key, "seen"))
		return read_unsigned(value, 10, UINT32_MAX, &report->seen);
	if (is(key, "elapsed_ms"))
		return read_unsigned(value, 10, UINT32_MAX, &report->elapsed_ms);
	if (is(key, "hung"))
		return read_unsigned(value, 10, UINT32_MAX, &report->hung);
	if (!is(key, "mode"))
		return 0;
	for (unsigned i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (is(value, mode_names[i])) {
			report->mode = (enum run_mode)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_verdict(struct finding *finding, struct span value)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		if (is(value, verdict_name((enum verdict)i))) {
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
	int r = read_unsigned(value, 10, SEVERITY_DEBUG, &number);

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
	if (is(key, "severity"))
		return read_severity(finding, value);
	if (is(key, "verdict"))
		return read_verdict(finding, value);
	if (is(key, "guard"))
		return read_guard(finding, value);
	if (is(key, "id"))
		return read_id(finding, value);
	if (is(key, "class"))
		return read_unsigned(value, 16, 0xffffff, &finding->class_code);
	if (is(key, "driver"))
		return read_text(value, finding->driver, sizeof(finding->driver));
	if (is(key, "origin"))
		return read_text(value, finding->origin, sizeof(finding->origin));
	if (is(key, "text"))
		return read_text(value, finding->text, sizeof(finding->text));
	if (!is(key, "device"))
		return 0;
	finding->has_function = true;
	return pci_address_parse(value.text, value.length, &finding->address);
}

static int read_record(struct report *report, struct span line, bool header)
{
	struct finding finding = {.severity = SEVERITY_INFO};
	struct span word;

	if (!header && (!next(&line, ' ', &word) || !is(word, "finding")))
		return 0;
	while (next(&line, ' ', &word)) {
		const char *equals = memchr(word.text, '=', word.length);
		struct span key, value;
		int r;

		if (!equals)
			return -EBADMSG;
		key = (struct span){word.text, (size_t)(equals - word.text)};
		value = (struct span){equals + 1, word.length - key.length - 1};
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
	if (read_unsigned(line, 10, UINT32_MAX, &version) < 0)
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
	while (r == 0 && next(&rest, '\n', &line)) {
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
