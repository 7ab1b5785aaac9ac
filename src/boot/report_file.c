/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "/run/vfio-early"
#define FIRST     DIRECTORY "/report"
#define RERUN     DIRECTORY "/report-rerun"
#define TEMPORARY DIRECTORY "/.report-new"

static int write_all(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t length = strlen(text);
	int r = 0;

	if (fd < 0)
		return -errno;
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			break;
		}
		text += n;
		length -= (size_t)n;
	}
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int report_file_write(const struct report *report)
{
	char *text;
	int r;

	if (mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	text = report_print(report);
	if (!text)
		return -ENOMEM;
	r = write_all(TEMPORARY, text);
	free(text);
	if (r == 0 && rename(TEMPORARY, access(FIRST, F_OK) == 0 ? RERUN : FIRST) < 0)
		r = -errno;
	if (r < 0)
		unlink(TEMPORARY);
	return r;
}
