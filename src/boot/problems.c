/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "problems.h"

#include "core/report.h"
#include "scan/config_files.h"
#include "scan/decide.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int problems_print(const char *sysroot, FILE *out)
{
	struct findings findings = {0};
	struct config config = {0};
	int root = open(sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root < 0)
		return -errno;
	r = config_files_read(&config, root);
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
	close(root);
	return r;
}
