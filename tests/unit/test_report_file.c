/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Includes the source itself, with every call that takes a path led below a directory of
 * the test: /run of the host is not touched. Do not link boot/report_file.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static int rename_error;

/* One of two texts, since rename() needs both its paths at once. */
static const char *below(const char *path)
{
	static char texts[2][256];
	static unsigned next;
	char *text = texts[next++ % 2];

	snprintf(text, sizeof(texts[0]), "%s%s", fake.path, path);
	return text;
}

static int failing_rename(const char *from, const char *to)
{
	errno = rename_error;
	return rename_error ? -1 : rename(from, to);
}

#define open(path, ...)    open(below(path), __VA_ARGS__)
#define mkdir(path, mode)  mkdir(below(path), mode)
#define access(path, mode) access(below(path), mode)
#define unlink(path)       unlink(below(path))
#define rename(from, to)   failing_rename(below(from), below(to))
#include "boot/report_file.c"
#undef open
#undef mkdir
#undef access
#undef unlink
#undef rename

#define FIRST_FILE "run/vfio-early/report"
#define RERUN_FILE "run/vfio-early/report-rerun"

static int begin(void **state)
{
	(void)state;
	rename_error = 0;
	fake_begin(&fake);
	fake_directory(&fake, "run");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

static int write_report(unsigned seen)
{
	struct report report = {.version = "0", .seen = seen};
	int r;

	finding_add(&report.findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE, NULL, NULL,
		"a note");
	r = report_file_write(&report);
	report_clear(&report);
	return r;
}

static bool exists(const char *path)
{
	struct stat status;

	return fstatat(fake.root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Reads the report back; the number of functions in it tells which one it is. */
static unsigned seen_in(const char *path)
{
	struct report report;
	char text[4096];
	int fd = openat(fake.root, path, O_RDONLY | O_CLOEXEC);
	ssize_t length;
	unsigned line, seen;

	assert_true(fd >= 0);
	length = read(fd, text, sizeof(text));
	close(fd);
	assert_true(length > 0);
	assert_int_equal(report_parse(text, (size_t)length, &report, &line), 0);
	assert_int_equal(report.findings.count, 1);
	seen = report.seen;
	report_clear(&report);
	return seen;
}

static void test_first_and_rerun(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(write_report(11), 0);
	assert_int_equal(seen_in(FIRST_FILE), 11);
	assert_false(exists(RERUN_FILE));
	assert_int_equal(write_report(12), 0);
	assert_int_equal(write_report(13), 0);
	assert_int_equal(seen_in(FIRST_FILE), 11);
	assert_int_equal(seen_in(RERUN_FILE), 13);
	assert_false(exists("run/vfio-early/.report-new"));
	assert_int_equal(fstatat(fake.root, FIRST_FILE, &status, 0), 0);
	assert_int_equal(status.st_mode & 0777 & ~0644, 0);
}

/* What a run that was killed left behind is written over, not appended to. */
static void test_leftover(void **state)
{
	(void)state;
	fake_bytes(&fake, "run/vfio-early/.report-new", 8000, 'x');
	assert_int_equal(write_report(11), 0);
	assert_int_equal(seen_in(FIRST_FILE), 11);
}

static void test_failures(void **state)
{
	(void)state;
	rename_error = EROFS;
	assert_int_equal(write_report(11), -EROFS);
	assert_false(exists(FIRST_FILE));
	assert_false(exists("run/vfio-early/.report-new"));
	rename_error = 0;
	/* A link in the temporary file's place is not written through. */
	fake_file(&fake, "run/victim", "");
	fake_link(&fake, "run/vfio-early/.report-new", "../victim");
	assert_true(write_report(11) <= 0);
	assert_int_equal(exists(FIRST_FILE) ? (int)seen_in(FIRST_FILE) : 11, 11);
	fake_remove(&fake, "run/vfio-early");
	fake_file(&fake, "run/vfio-early", "");
	assert_int_equal(write_report(11), -ENOTDIR);
	fake_remove(&fake, "run");
	assert_int_equal(write_report(11), -ENOENT);
}

/* The failed run's leftovers must not turn the next report into a lost one. */
static void test_after_failure(void **state)
{
	(void)state;
	fake_link(&fake, "run/vfio-early/.report-new", "nowhere");
	(void)write_report(11);
	assert_int_equal(write_report(12), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_first_and_rerun),
		test(test_leftover),
		test(test_failures),
		test(test_after_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
