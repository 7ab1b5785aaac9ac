/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include "quote.h"

#include <stdio.h>
#include <string.h>

size_t report_count(const struct report *report, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < report->findings.count; i++)
		count += report->findings.items[i].verdict == verdict;
	return count;
}

void report_line(const struct finding *finding, char out[REPORT_LINE_MAX])
{
	char address[PCI_ADDRESS_TEXT_MAX], line[REPORT_LINE_MAX];
	int used = 0;

	if (finding->has_function) {
		pci_address_format(&finding->address, address);
		used = snprintf(line, sizeof(line), "%s [%04x:%04x] %s: ", address,
			finding->id.vendor, finding->id.device,
			pci_class_word(finding->class_code));
	}
	if (finding->verdict == VERDICT_PROBLEM && finding->origin[0])
		snprintf(line + used, sizeof(line) - (size_t)used, "%s: %s",
			finding->origin, finding->text);
	else if (finding->origin[0])
		snprintf(line + used, sizeof(line) - (size_t)used, "%s (%s)",
			finding->text, finding->origin);
	else
		snprintf(line + used, sizeof(line) - (size_t)used, "%s", finding->text);
	escape_controls(line, out, REPORT_LINE_MAX);
}

void report_summary(const struct report *report, char out[REPORT_LINE_MAX])
{
	size_t already = report_count(report, VERDICT_ALREADY);
	size_t bound = report_count(report, VERDICT_BOUND);
	size_t failed = report_count(report, VERDICT_FAILED);
	char before[48] = "";

	if (already > 0)
		snprintf(before, sizeof(before), "%zu already bound, ", already);
	snprintf(out, REPORT_LINE_MAX,
		"%zu %s, %s%zu refused, %zu failed, %zu unmatched rules, %u devices seen "
		"in "
		"%u ms%s",
		report->mode == RUN_DRY ? report_count(report, VERDICT_WOULD_BIND)
					: bound,
		report->mode == RUN_DRY ? "would be bound" : "bound", before,
		report_count(report, VERDICT_REFUSED), failed,
		report_count(report, VERDICT_UNMATCHED), report->seen, report->elapsed_ms,
		report->mode == RUN_DRY ? "; dry run, nothing changed"
		: bound + failed == 0   ? "; nothing changed"
					: "");
}

void report_clear(struct report *report)
{
	findings_clear(&report->findings);
	*report = (struct report){0};
}
