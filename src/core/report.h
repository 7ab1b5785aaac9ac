/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Findings as text: lines for the log, and the report file that `status` reads.
 *
 * The report is UTF-8 text, one record a line. The first line is its format version:
 *
 *   vfio-early-report 1
 *   version=1.2.3 mode=normal seen=24 elapsed_ms=9 hung=0
 *   finding severity=6 verdict=bound guard= device=0000:01:00.0 id=10de:2206:1043:87d2
 *     class=030000 driver=vfio-pci origin=/etc/vfio-early.conf:3
 * text=bound%20to%20vfio-pci
 *
 * (the third record is one line). A value holds printable ASCII only: white space, '%'
 * and every other byte is %XX. Readers must skip keys and record types they do not know;
 * the version number changes only when that is not enough.
 */
#pragma once

#include "finding.h"

#include <stdint.h>

#define REPORT_FORMAT_VERSION 1
/* Shorter than the limits of /dev/kmsg (976 bytes at the least, prefix included). */
#define REPORT_LINE_MAX    900
#define REPORT_VERSION_MAX 32

struct report {
	char version[REPORT_VERSION_MAX]; /* of the program that wrote it */
	enum run_mode mode;
	unsigned seen;       /* PCI functions */
	unsigned elapsed_ms; /* from start to the last verdict */
	unsigned hung;       /* kernel calls that never returned */
	struct findings findings;
};

/* How many findings have this verdict. */
size_t report_count(const struct report *report, enum verdict verdict);

/* One line of the log, without prefix and end of line, control characters escaped. */
void report_line(const struct finding *finding, char out[REPORT_LINE_MAX]);

/* The summary line that ends every run. */
void report_summary(const struct report *report, char out[REPORT_LINE_MAX]);

/* The whole report as text; NULL when out of memory. The caller frees it. */
char *report_print(const struct report *report);

/* Its findings alone, to be appended to a report. */
char *report_print_findings(const struct report *report);

/*
 * Reads a report back. Returns 0, -ENOMEM, -EPROTONOSUPPORT (another format version) or
 * -EBADMSG (not a report, or a value that is not understood; *ret_line is its line).
 */
int report_parse(
	const char *text, size_t length, struct report *ret_report, unsigned *ret_line);

void report_clear(struct report *report);
