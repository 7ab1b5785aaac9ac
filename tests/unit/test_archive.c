/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives as cpio(1) reads them: what was written is read back by a program not of ours.
 */
#include "cli/archive.h"

#include "cli/staging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MTIME 86400U /* 2 January 1970 */

static char *top;
static char tree[256], file[256];

static void make(const char *name, const char *text, mode_t mode)
{
	char path[512];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int begin(void **state)
{
	char path[512];

	(void)state;
	top = staging_begin();
	if (!top)
		return -1;
	snprintf(tree, sizeof(tree), "%s/tree", top);
	snprintf(file, sizeof(file), "%s/file", top);
	snprintf(path, sizeof(path), "%s/own/etc", tree);
	if (make_folders(path) < 0)
		return -1;
	make("own/init", "\177ELF", 0700);
	make("own/etc/b.conf", "12345", 0600);
	make("own/etc/a.conf", "", 0666);
	snprintf(path, sizeof(path), "%s/own/etc/masked.conf", tree);
	return symlink("/dev/null", path);
}

static int end(void **state)
{
	(void)state;
	staging_end(top);
	return 0;
}

/* Writes the tree's archive, behind the file FIRST where that is not NULL. */
static int write_archive(const char *first)
{
	struct output output;
	int fd = open(tree, O_RDONLY | O_DIRECTORY);
	int r = output_begin(&output, file);

	assert_true(fd >= 0);
	if (r == 0 && first)
		r = archive_append(&output, first);
	if (r == 0)
		r = archive_write(&output, fd, MTIME);
	close(fd);
	return output_end(&output, r);
}

static char *output_of(const char *format, ...)
{
	static char text[4096];
	char command[1024];
	va_list arguments;
	FILE *stream;
	size_t length;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	stream = popen(command, "r");
	assert_non_null(stream);
	length = fread(text, 1, sizeof(text) - 1, stream);
	text[length] = '\0';
	assert_int_equal(pclose(stream), 0);
	return text;
}

static void cpio_reads_it_back(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(write_archive(NULL), 0);
	text = output_of("TZ=UTC LC_ALL=C cpio -itvn --quiet <%s | tr -s ' '", file);
	assert_string_equal(text,
		"drwxr-xr-x 2 0 0 0 Jan 2 1970 own\n"
		"drwxr-xr-x 2 0 0 0 Jan 2 1970 own/etc\n"
		"-rw-r--r-- 1 0 0 0 Jan 2 1970 own/etc/a.conf\n"
		"-rw-r--r-- 1 0 0 5 Jan 2 1970 own/etc/b.conf\n"
		"lrwxrwxrwx 1 0 0 9 Jan 2 1970 own/etc/masked.conf -> /dev/null\n"
		"-rwxr-xr-x 1 0 0 4 Jan 2 1970 own/init\n");
	output_of("mkdir %s/out && cd %s/out && cpio -id --quiet <%s && diff -r "
		  "--no-dereference "
		  "%s %s/out",
		top, top, file, tree, top);
}

static void bsdtar_reads_it_back(void **state)
{
	(void)state;
	assert_int_equal(write_archive(NULL), 0);
	assert_string_equal(output_of("bsdtar -tf %s", file),
		"own\nown/etc\nown/etc/a.conf\nown/etc/b.conf\nown/etc/masked.conf\nown/"
		"init\n");
}

static void same_files_give_the_same_bytes(void **state)
{
	char first[512];

	(void)state;
	assert_int_equal(write_archive(NULL), 0);
	snprintf(first, sizeof(first), "%s", output_of("sha256sum <%s", file));
	output_of("cp -r %s %s/copy && rm -r %s && mv %s/copy %s", tree, top, tree, top,
		tree);
	assert_int_equal(write_archive(NULL), 0);
	assert_string_equal(output_of("sha256sum <%s", file), first);
}

static void ends_on_a_block(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(write_archive(NULL), 0);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_size % 512, 0);
}

/* Whatever the length of the file in front, the archive begins on four. */
static void begins_on_four_behind_any_file(void **state)
{
	char first[512], odd[] = "tree-odd";

	(void)state;
	snprintf(first, sizeof(first), "%s/%s", top, odd);
	for (unsigned length = 1; length <= 5; length++) {
		unsigned rounded = (length + 3) & ~3U;

		output_of("printf %.*s >%s", (int)length, "zzzzz", first);
		assert_int_equal(write_archive(first), 0);
		assert_string_equal(
			output_of("tail -c +%u %s | head -c 6", rounded + 1, file),
			"070701");
		assert_string_equal(
			output_of("head -c %u %s", length, file), "zzzzz" + 5 - length);
		output_of("tail -c +%u %s | cpio -it --quiet", rounded + 1, file);
	}
	output_of(": >%s", first);
	assert_int_equal(write_archive(first), -ENODATA);
	assert_int_equal(write_archive("/nonexistent"), -ENOENT);
}

static void refuses_what_is_no_file(void **state)
{
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/own/fifo", tree);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(write_archive(NULL), -EINVAL);
	assert_int_equal(access(file, F_OK), -1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(cpio_reads_it_back),
		test(bsdtar_reads_it_back),
		test(same_files_give_the_same_bytes),
		test(ends_on_a_block),
		test(begins_on_four_behind_any_file),
		test(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
