/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_file.h"

#include "core/config.h"
#include "io/write_all.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FOLDER          "etc"
#define NAME            "vfio-early.conf"
#define TEMPORARY_MAX   48
#define TRIES           16
#define XATTR_BYTES_MAX 65536 /* XATTR_LIST_MAX and XATTR_SIZE_MAX of linux/limits.h */
#define READ_FLAGS      (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int read_text(int fd, char *text, size_t max, size_t *ret_length)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = read(fd, text + length, max + 1 - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
		if (length > max)
			return -EFBIG;
	}
	text[length] = '\0';
	*ret_length = length;
	return 0;
}

static int read_file(struct config_file *file)
{
	cleanup_close int fd = openat(file->folder, NAME, READ_FLAGS);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &file->status) < 0)
		return -errno;
	if (!S_ISREG(file->status.st_mode))
		return -ENXIO;
	file->exists = true;
	return read_text(fd, file->text, CONFIG_FILE_BYTES_MAX, &file->length);
}

int config_file_open(int root, struct config_file *ret_file)
{
	struct config_file file = {
		.folder = openat(root, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	int r;

	if (file.folder < 0)
		return -errno;
	file.text = calloc(1, CONFIG_FILE_BYTES_MAX + 2);
	r = file.text ? read_file(&file) : -ENOMEM;
	if (r < 0) {
		config_file_close(&file);
		return r;
	}
	*ret_file = file;
	return 0;
}

void config_file_close(struct config_file *file)
{
	if (file->folder >= 0)
		close(file->folder);
	free(file->text);
	*file = (struct config_file){.folder = -1};
}

/* Signatures of the old content; the kernel makes its own for the new one. */
static bool is_about_content(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

static int copy_attribute(int from, int to, const char *name)
{
	char value[XATTR_BYTES_MAX];
	ssize_t length = fgetxattr(from, name, value, sizeof(value));

	if (length < 0)
		return errno == ENODATA ? 0 : -errno;
	return fsetxattr(to, name, value, (size_t)length, 0) < 0 ? -errno : 0;
}

/* Access control lists, the label of SELinux, and what people put there. */
static int copy_attributes(int from, int to)
{
	char names[XATTR_BYTES_MAX];
	ssize_t length = flistxattr(from, names, sizeof(names));
	int r = 0;

	if (length < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (ssize_t at = 0; r == 0 && at < length; at += (ssize_t)strlen(names + at) + 1)
		if (!is_about_content(names + at))
			r = copy_attribute(from, to, names + at);
	return r;
}

/* Whether the name still has the file that was read, unchanged. */
static int check_unchanged(const struct config_file *file)
{
	struct stat now;

	if (fstatat(file->folder, NAME, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT ? -errno : file->exists ? -EAGAIN : 0;
	if (!file->exists || now.st_ino != file->status.st_ino ||
		now.st_dev != file->status.st_dev ||
		now.st_size != file->status.st_size ||
		now.st_mtim.tv_sec != file->status.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != file->status.st_mtim.tv_nsec)
		return -EAGAIN;
	return 0;
}

/* The mode last: a change of the owner takes bits of it away. */
static int take_over(const struct config_file *file, int fd)
{
	cleanup_close int old = -1;
	int r;

	if (!file->exists)
		return fchmod(fd, 0644) < 0 ? -errno : 0;
	old = openat(file->folder, NAME, READ_FLAGS);
	if (old < 0)
		return -errno;
	if (fchown(fd, file->status.st_uid, file->status.st_gid) < 0)
		return -errno;
	r = copy_attributes(old, fd);
	if (r == 0 && fchmod(fd, file->status.st_mode & 07777) < 0)
		r = -errno;
	return r;
}

static int make_temporary(const struct config_file *file, char name[TEMPORARY_MAX])
{
	for (unsigned i = 0; i < TRIES; i++) {
		int fd;

		snprintf(name, TEMPORARY_MAX, "." NAME ".%d.%u", (int)getpid(), i);
		fd = openat(file->folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

static int fill(const struct config_file *file, int fd, const char *text, size_t length)
{
	int r = write_all(fd, text, length);

	if (r == 0)
		r = take_over(file, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int config_file_replace(const struct config_file *file, const char *text, size_t length)
{
	char name[TEMPORARY_MAX];
	int fd = make_temporary(file, name), r;

	if (fd < 0)
		return fd;
	r = fill(file, fd, text, length);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = check_unchanged(file);
	if (r == 0 && renameat(file->folder, name, file->folder, NAME) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(file->folder, name, 0);
		return r;
	}
	/* The new name is on the disk too; file systems that cannot have no need to. */
	(void)fsync(file->folder);
	return 0;
}
