/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "problems.h"

#include "core/report.h"
#include "scan/config_files.h"
#include "scan/decide.h"

#include <errno.h>

int problems_print(const char *sysroot, FILE *out)
{
	struct findings findings = {0};
	struct config config = {0};
	int r = config_files_read_below(sysroot, &config);

	if (r == 0)
		decide_problems(&config, &findings);
	if (findings.incomplete)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < findings.count; i++) {
		char line[REPORT_LINE_MAX];

		report_line(&findings.items[i], line);
		if (fprintf(out, "%s\n", line) < 0)
			r = -EIO;
	}
	findings_clear(&findings);
	config_clear(&config);
	return r;
}
