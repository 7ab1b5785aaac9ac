/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/sysfs_read.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_SECONDS 20

static int begin(void **state)
{
	static struct fake fake;

	fake_begin(&fake);
	*state = &fake;
	return 0;
}

static int end(void **state)
{
	fake_end(*state);
	return 0;
}

static void test_text(void **state)
{
	static const struct {
		const char *content;
		int expected;
		const char *text;
	} rows[] = {{"abc\n", 3, "abc"}, {"abc", 3, "abc"}, {"", 0, ""}, {"\n", 0, ""},
		{"a\n\n", 2, "a\n"}, {"abcdef\n", 6, "abcdef"}, {"abcdefg", 7, "abcdefg"},
		{"abcdefg\n", -EFBIG, ""}, {"abcdefgh", -EFBIG, ""},
		{"abcdefghijkl", -EFBIG, ""}, {"(null)\n", 6, "(null)"}};
	struct fake *fake = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[8];

		memset(out, 'x', sizeof(out));
		fake_file(fake, "sys/a", rows[i].content);
		assert_int_equal(sysfs_read_text(fake->root, "sys/a", out, sizeof(out)),
			rows[i].expected);
		if (rows[i].expected >= 0)
			assert_string_equal(out, rows[i].text);
	}
}

static void test_text_fails(void **state)
{
	struct fake *fake = *state;
	char out[8];

	fake_fifo(fake, "sys/fifo");
	fake_link(fake, "sys/dangling", "nowhere");
	fake_link(fake, "sys/loop", "loop");
	assert_int_equal(sysfs_read_text(fake->root, "sys/none", out, 8), -ENOENT);
	assert_int_equal(sysfs_read_text(fake->root, "sys/dangling", out, 8), -ENOENT);
	assert_int_equal(sysfs_read_text(fake->root, "sys/loop", out, 8), -ELOOP);
	assert_int_equal(sysfs_read_text(fake->root, "sys/bus", out, 8), -EISDIR);
	/* Not hanging is what counts; a FIFO that nobody writes to is empty. */
	assert_int_equal(sysfs_read_text(fake->root, "sys/fifo", out, 8), 0);
}

static void test_links(void **state)
{
	struct fake *fake = *state;
	char out[8];

	fake_link(fake, "sys/a", "b/driver");
	fake_link(fake, "sys/b", "plain");
	fake_link(fake, "sys/c", "../x/12345678");
	fake_link(fake, "sys/d", "1234567");
	fake_link(fake, "sys/e", "ends/");
	fake_file(fake, "sys/file", "");
	assert_int_equal(sysfs_read_link(fake->root, "sys/d", out, 8), 7);
	assert_string_equal(out, "1234567");
	assert_int_equal(sysfs_read_link(fake->root, "sys/a", out, 8), -EFBIG);
	assert_int_equal(sysfs_read_link(fake->root, "sys/file", out, 8), -EINVAL);
	assert_int_equal(sysfs_read_link(fake->root, "sys/none", out, 8), -ENOENT);
	assert_int_equal(sysfs_read_link_name(fake->root, "sys/a", out, 8), 6);
	assert_string_equal(out, "driver");
	assert_int_equal(sysfs_read_link_name(fake->root, "sys/b", out, 8), 5);
	assert_string_equal(out, "plain");
	assert_int_equal(sysfs_read_link_name(fake->root, "sys/c", out, 8), -EFBIG);
	assert_int_equal(sysfs_read_link_name(fake->root, "sys/e", out, 8), 0);
	assert_string_equal(out, "");
}

static void test_link_too_long(void **state)
{
	struct fake *fake = *state;
	char target[SYSFS_TEXT_MAX + 8], out[SYSFS_TEXT_MAX];

	memset(target, 'a', sizeof(target));
	target[SYSFS_TEXT_MAX - 1] = '\0';
	fake_link(fake, "sys/fits", target);
	assert_int_equal(sysfs_read_link(fake->root, "sys/fits", out, sizeof(out)),
		SYSFS_TEXT_MAX - 1);
	target[SYSFS_TEXT_MAX - 1] = 'a';
	target[SYSFS_TEXT_MAX] = '\0';
	fake_link(fake, "sys/long", target);
	assert_int_equal(
		sysfs_read_link(fake->root, "sys/long", out, sizeof(out)), -EFBIG);
	assert_int_equal(
		sysfs_read_link_name(fake->root, "sys/long", out, sizeof(out)), -EFBIG);
}

static int read_length(int (*read_fn)(int dir, const char *path, size_t max,
			       char **ret_bytes, size_t *ret_length),
	int root, const char *path, size_t max)
{
	char *bytes = NULL;
	size_t length = 0;
	int r = read_fn(root, path, max, &bytes, &length);

	if (r < 0) {
		assert_null(bytes);
		return r;
	}
	assert_int_equal(bytes[length], 0);
	free(bytes);
	return (int)length;
}

static void test_files(void **state)
{
	struct fake *fake = *state;
	int root = fake->root;

	fake_bytes(fake, "etc/ten", 10, 'a');
	fake_file(fake, "etc/empty", "");
	fake_directory(fake, "etc/dir");
	fake_fifo(fake, "etc/fifo");
	fake_link(fake, "etc/loop", "loop");
	fake_link(fake, "etc/link", "ten");
	assert_int_equal(read_length(file_read, root, "etc/ten", 10), 10);
	assert_int_equal(read_length(file_read, root, "etc/ten", 11), 10);
	assert_int_equal(read_length(file_read, root, "etc/ten", 9), -EFBIG);
	assert_int_equal(read_length(file_read, root, "etc/link", 10), 10);
	assert_int_equal(read_length(file_read, root, "etc/empty", 10), 0);
	assert_int_equal(read_length(file_read, root, "etc/dir", 10), -EISDIR);
	assert_int_equal(read_length(file_read, root, "etc/fifo", 10), -ENXIO);
	assert_int_equal(read_length(file_read, root, "etc/loop", 10), -ELOOP);
	assert_int_equal(read_length(file_read, root, "etc/none", 10), -ENOENT);
	assert_int_equal(read_length(proc_read, root, "etc/ten", 10), 10);
	assert_int_equal(read_length(proc_read, root, "etc/ten", 9), -EFBIG);
	assert_int_equal(read_length(proc_read, root, "etc/dir", 10), -EISDIR);
	/* A real file of procfs, whose size is 0. */
	assert_true(
		read_length(proc_read, AT_FDCWD, "/proc/self/mountinfo", 1 << 20) > 0);
}

/* Memory grows with what is read: nothing is lost where it does, nor at the limit. */
static void test_long_files(void **state)
{
	static const size_t lengths[] = {1023, 1024, 1025, 2047, 2048, 2049, 65536};
	struct fake *fake = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t length = lengths[i];
		int expected = (int)length;

		fake_bytes(fake, "etc/long", length, 'a');
		assert_int_equal(
			read_length(file_read, fake->root, "etc/long", length), expected);
		assert_int_equal(read_length(file_read, fake->root, "etc/long", 1 << 20),
			expected);
		assert_int_equal(
			read_length(file_read, fake->root, "etc/long", length - 1),
			-EFBIG);
	}
}

/* A FIFO whose writer is there but says nothing must not hold the boot either. */
static void test_fifo_with_writer(void **state)
{
	struct fake *fake = *state;
	char out[8];
	int fd;

	fake_fifo(fake, "etc/fifo");
	fd = openat(fake->root, "etc/fifo", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read_length(file_read, fake->root, "etc/fifo", 10), -ENXIO);
	assert_int_equal(read_length(proc_read, fake->root, "etc/fifo", 10), -EAGAIN);
	assert_int_equal(sysfs_read_text(fake->root, "etc/fifo", out, 8), -EAGAIN);
	close(fd);
}

struct visits {
	unsigned count;
	unsigned stop_at;
};

static int visit(void *context, int dir, const char *name)
{
	struct visits *visits = context;

	assert_string_not_equal(name, ".");
	assert_string_not_equal(name, "..");
	assert_int_equal(faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW), 0);
	return ++visits->count == visits->stop_at ? 7 : 0;
}

static void test_directories(void **state)
{
	struct fake *fake = *state;
	struct visits visits = {0};

	fake_file(fake, "sys/many/a", "");
	fake_file(fake, "sys/many/.hidden", "");
	fake_directory(fake, "sys/many/b");
	fake_fifo(fake, "sys/fifo");
	assert_int_equal(dir_for_each(fake->root, "sys/many", visit, &visits), 0);
	assert_int_equal(visits.count, 3);
	visits = (struct visits){.stop_at = 2};
	assert_int_equal(dir_for_each(fake->root, "sys/many", visit, &visits), 7);
	assert_int_equal(visits.count, 2);
	assert_int_equal(dir_for_each(fake->root, "sys/none", visit, &visits), -ENOENT);
	assert_int_equal(
		dir_for_each(fake->root, "sys/many/a", visit, &visits), -ENOTDIR);
	assert_int_equal(dir_for_each(fake->root, "sys/fifo", visit, &visits), -ENOTDIR);
	assert_int_equal(visits.count, 2);
}

/* The lowest free descriptor is the same after everything, failures included. */
static void test_no_descriptor_is_lost(void **state)
{
	int before = open("/", O_PATH | O_CLOEXEC), after;

	close(before);
	test_text(state);
	test_files(state);
	test_directories(state);
	after = open("/", O_PATH | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, begin, end),
		cmocka_unit_test_setup_teardown(test_text_fails, begin, end),
		cmocka_unit_test_setup_teardown(test_links, begin, end),
		cmocka_unit_test_setup_teardown(test_link_too_long, begin, end),
		cmocka_unit_test_setup_teardown(test_files, begin, end),
		cmocka_unit_test_setup_teardown(test_long_files, begin, end),
		cmocka_unit_test_setup_teardown(test_fifo_with_writer, begin, end),
		cmocka_unit_test_setup_teardown(test_directories, begin, end),
		cmocka_unit_test_setup_teardown(test_no_descriptor_is_lost, begin, end),
	};

	alarm(HANG_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
