/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report_file.h"

#include "io/write_all.h"

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
#define LATE      DIRECTORY "/late"
#define BEFORE    DIRECTORY "/late-before"

static int write_new(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

static int make_directory(void)
{
	return mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int report_file_write(const struct report *report)
{
	char *text;
	int r;

	r = make_directory();
	if (r < 0)
		return r;
	text = report_print(report);
	if (!text)
		return -ENOMEM;
	r = write_new(TEMPORARY, text);
	free(text);
	if (r == 0 && rename(TEMPORARY, access(FIRST, F_OK) == 0 ? RERUN : FIRST) < 0)
		r = -errno;
	if (r < 0)
		unlink(TEMPORARY);
	return r;
}

/* The first one. It has its header and all its findings before it has its name. */
static int begin_late(const struct report *report)
{
	char temporary[sizeof(DIRECTORY) + 32];
	char *text = report_print(report);
	int r;

	if (!text)
		return -ENOMEM;
	snprintf(temporary, sizeof(temporary), DIRECTORY "/.late-%d", (int)getpid());
	r = write_new(temporary, text);
	free(text);
	if (r == 0 && link(temporary, LATE) < 0)
		r = -errno;
	unlink(temporary);
	return r;
}

/* One write, so that runs beside this one do not mix theirs with it. */
static int append_late(const struct report *report)
{
	int fd = open(LATE, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	char *text;
	int r;

	if (fd < 0)
		return -errno;
	text = report_print_findings(report);
	r = text ? write_all(fd, text, strlen(text)) : -ENOMEM;
	free(text);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int report_file_append(const struct report *report)
{
	struct stat status;
	int r = make_directory();

	if (r < 0)
		return r;
	if (stat(LATE, &status) == 0 && status.st_size > REPORT_LATE_BYTES_MAX)
		(void)rename(LATE, BEFORE);
	r = append_late(report);
	if (r == -ENOENT)
		r = begin_late(report);
	return r == -EEXIST ? append_late(report) : r;
}
