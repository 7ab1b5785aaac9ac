/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD "what was there"

static char folder[] = "/tmp/vfio-early-output.XXXXXX", path[sizeof(folder) + 16];

static int begin(void **state)
{
	FILE *file;

	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	file = fopen(path, "w");
	if (!file)
		return -1;
	fputs(OLD, file);
	return fclose(file);
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder); /* fails where a temporary file was left behind */
}

static void assert_contents(const char *expected)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");
	DIR *dir = opendir(folder);
	unsigned count = 0;

	assert_true(file && dir);
	assert_true(fread(text, 1, sizeof(text) - 1, file) <= sizeof(text));
	(void)fclose(file);
	assert_string_equal(text, expected);
	while (readdir(dir))
		count++;
	closedir(dir);
	assert_int_equal(count, 3);
}

static void replaces_the_file_at_the_end(void **state)
{
	struct output output;
	struct stat status;
	char text[64] = "";
	FILE *file;

	(void)state;
	assert_int_equal(output_begin(&output, path), 0);
	assert_int_equal(output_write(&output, "new", 3), 0);
	assert_int_equal(output_zeros(&output, 2), 0);
	assert_int_equal(output.length, 5);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	(void)fclose(file);
	assert_string_equal(text, OLD);
	assert_int_equal(output_end(&output, 0), 0);
	assert_contents("new");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 5);
}

static void keeps_the_file_on_failure(void **state)
{
	struct output output;

	(void)state;
	assert_int_equal(output_begin(&output, path), 0);
	assert_int_equal(output_write(&output, "new", 3), 0);
	assert_int_equal(output_end(&output, -EINTR), -EINTR);
	assert_contents(OLD);
}

/* A limit of the file's size fails write(2) where a full disk would. */
static void keeps_the_file_when_writing_fails(void **state)
{
	static char much[1 << 20];
	struct rlimit before, small;
	struct output output;
	int r;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = output_begin(&output, path);
	if (r == 0)
		r = output_write(&output, much, sizeof(much));
	r = output_end(&output, r);
	(void)setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(r, -EFBIG);
	assert_contents(OLD);
}

/* Bytes that stay in the stream's buffer are refused only when it is flushed. */
static void keeps_the_file_when_flushing_fails(void **state)
{
	struct rlimit before, none;
	struct output output;
	int r;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	r = output_begin(&output, path);
	if (r == 0)
		r = output_write(&output, "few", 3);
	r = output_end(&output, r);
	(void)setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(r, -EFBIG);
	assert_contents(OLD);
}

static void refuses_what_is_no_file(void **state)
{
	struct output output;

	(void)state;
	assert_int_equal(output_begin(&output, folder), -EISDIR);
	assert_int_equal(output_end(&output, -EISDIR), -EISDIR);
	assert_int_equal(output_begin(&output, "/dev/null"), -EEXIST);
	assert_int_equal(output_end(&output, -EEXIST), -EEXIST);
	assert_int_equal(output_begin(&output, "/nonexistent/file"), -ENOENT);
	assert_int_equal(output_end(&output, -ENOENT), -ENOENT);
	assert_contents(OLD);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(replaces_the_file_at_the_end),
		test(keeps_the_file_on_failure),
		test(keeps_the_file_when_writing_fails),
		test(keeps_the_file_when_flushing_fails),
		test(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
