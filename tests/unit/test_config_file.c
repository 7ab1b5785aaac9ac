/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each call that can fail is made to, and the old file has to be what it was. */
#include "cli/config_file.h"

#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OLD  "# old\n01:00.0\n"
#define NEW  "# old\n01:00.0\n02:00.0\n"
#define NAME "vfio-early.conf"

enum call {
	CALL_OPEN,
	CALL_WRITE,
	CALL_CHOWN,
	CALL_CHMOD,
	CALL_SETXATTR,
	CALL_SYNC,
	CALL_RENAME,
	CALL_COUNT,
};

static char folder[] = "/tmp/vfio-early-config.XXXXXX";
static int root, etc;
static struct config_file file;
static enum call failing;
static int error; /* 0: nothing fails */
static unsigned hits;

static bool fails(enum call call)
{
	if (error == 0 || call != failing)
		return false;
	hits++;
	errno = error;
	return true;
}

/* The linker puts these in the place of the C library's. */
int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	if (flags & O_CREAT && fails(CALL_OPEN))
		return -1;
	return __real_openat64(dir, path, flags, 0600);
}

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	/* As a disk that fills up: some of it gets there. */
	if (fd > STDERR_FILENO && error && failing == CALL_WRITE && length > 3)
		return __real_write(fd, bytes, length / 2);
	return fd > STDERR_FILENO && fails(CALL_WRITE) ? -1
						       : __real_write(fd, bytes, length);
}

int __real_fchown(int fd, uid_t user, gid_t group);
int __wrap_fchown(int fd, uid_t user, gid_t group)
{
	return fails(CALL_CHOWN) ? -1 : __real_fchown(fd, user, group);
}

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode)
{
	return fails(CALL_CHMOD) ? -1 : __real_fchmod(fd, mode);
}

int __real_fsetxattr(
	int fd, const char *name, const void *value, size_t length, int flags);
int __wrap_fsetxattr(
	int fd, const char *name, const void *value, size_t length, int flags)
{
	return fails(CALL_SETXATTR) ? -1
				    : __real_fsetxattr(fd, name, value, length, flags);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd)
{
	return fails(CALL_SYNC) ? -1 : __real_fsync(fd);
}

int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name)
{
	return fails(CALL_RENAME) ? -1 : __real_renameat(from, old, to, name);
}

static void put(const char *text)
{
	int fd = __real_openat64(etc, NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(__real_write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int begin(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	root = open(folder, O_RDONLY | O_DIRECTORY);
	if (root < 0 || mkdirat(root, "etc", 0755) < 0)
		return -1;
	etc = openat(root, "etc", O_RDONLY | O_DIRECTORY);
	error = 0;
	hits = 0;
	return etc < 0 ? -1 : 0;
}

/* Fails where anything is left beside the file. */
static int end(void **state)
{
	(void)state;
	(void)unlinkat(etc, NAME, 0);
	if (unlinkat(root, "etc", AT_REMOVEDIR) < 0)
		return -1;
	close(etc);
	close(root);
	return rmdir(folder);
}

static void assert_text(const char *expected)
{
	char text[256] = "";
	int fd = openat(etc, NAME, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, expected);
}

static void open_file(void)
{
	assert_int_equal(config_file_open(root, &file), 0);
}

static int replace(void)
{
	return config_file_replace(&file, NEW, strlen(NEW));
}

static void test_new(void **state)
{
	struct stat status;

	(void)state;
	open_file();
	assert_false(file.exists);
	assert_string_equal(file.text, "");
	assert_int_equal(replace(), 0);
	config_file_close(&file);
	assert_text(NEW);
	assert_int_equal(fstatat(etc, NAME, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
}

static void test_replaced(void **state)
{
	struct stat before, after;
	char value[8] = "";
	int fd;

	(void)state;
	put(OLD);
	fd = openat(etc, NAME, O_RDONLY);
	assert_int_equal(__real_fchmod(fd, 0640), 0);
	if (geteuid() == 0)
		assert_int_equal(__real_fchown(fd, 0, 42), 0);
	assert_int_equal(__real_fsetxattr(fd, "user.test", "kept", 4, 0), 0);
	assert_int_equal(fstat(fd, &before), 0);
	close(fd);
	open_file();
	assert_true(file.exists);
	assert_string_equal(file.text, OLD);
	assert_int_equal(file.length, strlen(OLD));
	assert_int_equal(replace(), 0);
	config_file_close(&file);
	assert_text(NEW);
	fd = openat(etc, NAME, O_RDONLY);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_equal(after.st_gid, before.st_gid);
	assert_int_equal(fgetxattr(fd, "user.test", value, sizeof(value)), 4);
	assert_memory_equal(value, "kept", 4);
	close(fd);
}

static void test_faults(void **state)
{
	static const struct {
		enum call call;
		int error;
	} faults[] = {
		{CALL_OPEN, EROFS},
		{CALL_OPEN, ENOSPC},
		{CALL_WRITE, ENOSPC},
		{CALL_WRITE, EDQUOT},
		{CALL_CHOWN, EPERM},
		{CALL_CHMOD, EIO},
		{CALL_SETXATTR, ENOSPC},
		{CALL_SYNC, EIO},
		{CALL_RENAME, EIO},
		{CALL_RENAME, EROFS},
	};
	int fd;

	(void)state;
	put(OLD);
	fd = openat(etc, NAME, O_RDONLY);
	assert_int_equal(__real_fsetxattr(fd, "user.test", "kept", 4, 0), 0);
	close(fd);
	open_file();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		int r;

		failing = faults[i].call;
		error = faults[i].error;
		hits = 0;
		r = replace();
		error = 0;
		assert_int_equal(r, -faults[i].error);
		assert_int_equal(hits, 1);
		assert_text(OLD);
	}
	assert_int_equal(replace(), 0);
	config_file_close(&file);
	assert_text(NEW);
}

/* Somebody's editor is as fast. */
static void test_changed_meanwhile(void **state)
{
	(void)state;
	put(OLD);
	open_file();
	put("# other\n");
	assert_int_equal(replace(), -EAGAIN);
	assert_text("# other\n");
	config_file_close(&file);
	open_file();
	(void)unlinkat(etc, NAME, 0);
	assert_int_equal(replace(), -ENOENT);
	assert_int_equal(faccessat(etc, NAME, F_OK, 0), -1);
	config_file_close(&file);
	open_file();
	put(OLD);
	assert_int_equal(replace(), -EAGAIN);
	assert_text(OLD);
	config_file_close(&file);
}

static void refuse(int expected)
{
	struct config_file untouched = {.folder = 77};

	assert_int_equal(config_file_open(root, &untouched), expected);
	assert_int_equal(untouched.folder, 77);
	(void)unlinkat(etc, NAME, 0);
}

static void test_no_regular_file(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/dev/null", etc, NAME), 0);
	refuse(-ELOOP);
	assert_int_equal(symlinkat("nowhere", etc, NAME), 0);
	refuse(-ELOOP);
	assert_int_equal(mkfifoat(etc, NAME, 0600), 0);
	refuse(-ENXIO);
	assert_int_equal(mkdirat(etc, NAME, 0700), 0);
	refuse(-ENXIO);
	(void)unlinkat(etc, NAME, AT_REMOVEDIR);
}

static void test_too_large(void **state)
{
	char *text = malloc(CONFIG_FILE_BYTES_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, '#', CONFIG_FILE_BYTES_MAX + 1);
	text[CONFIG_FILE_BYTES_MAX] = '\0';
	put(text);
	open_file();
	assert_int_equal(file.length, CONFIG_FILE_BYTES_MAX);
	config_file_close(&file);
	text[CONFIG_FILE_BYTES_MAX] = '#';
	text[CONFIG_FILE_BYTES_MAX + 1] = '\0';
	put(text);
	refuse(-EFBIG);
	free(text);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_new),
		test(test_replaced),
		test(test_faults),
		test(test_changed_meanwhile),
		test(test_no_regular_file),
		test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
