/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive.h"

#include "core/cpio.h"
#include "interrupt.h"
#include "scan/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_BYTES 65536

struct walk {
	struct output *output;
	uint32_t mtime;
	uint32_t inode;                 /* of the last entry */
	char path[CPIO_NAME_BYTES_MAX]; /* of the current one */
};

static int write_head(struct walk *walk, uint32_t mode, uint64_t size)
{
	const struct cpio_entry entry = {
		.name = walk->path,
		.mode = mode,
		.inode = ++walk->inode,
		.links = S_ISDIR(mode) ? 2 : 1,
		.mtime = walk->mtime,
		.size = size,
	};
	char head[CPIO_HEAD_BYTES_MAX];
	int length = cpio_head(&entry, head);

	if (length < 0)
		return length;
	return output_write(walk->output, head, (size_t)length);
}

/* Copies until the end; *ret_length is what was copied. */
static int copy_bytes(struct output *output, int fd, uint64_t *ret_length)
{
	char bytes[CHUNK_BYTES];
	ssize_t n;
	int r;

	*ret_length = 0;
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (interrupted())
			return -EINTR;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = output_write(output, bytes, (size_t)n);
		if (r < 0)
			return r;
		*ret_length += (uint64_t)n;
	}
	return 0;
}

static int write_file(
	struct walk *walk, int dir, const char *name, const struct stat *status)
{
	uint32_t mode = S_IFREG | (status->st_mode & 0111 ? 0755 : 0644);
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t length = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = write_head(walk, mode, (uint64_t)status->st_size);
	if (r == 0)
		r = copy_bytes(walk->output, fd, &length);
	if (r < 0)
		return r;
	/* Somebody else writes to it: the head would not be true. */
	if (length != (uint64_t)status->st_size)
		return -ESTALE;
	return output_zeros(walk->output, cpio_padding(length));
}

static int write_link(struct walk *walk, int dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, name, target, sizeof(target));
	int r;

	if (length < 0)
		return -errno;
	r = write_head(walk, S_IFLNK | 0777, (uint64_t)length);
	if (r == 0)
		r = output_write(walk->output, target, (size_t)length);
	return r < 0 ? r : output_zeros(walk->output, cpio_padding((uint64_t)length));
}

static int write_folder(struct walk *walk, int dir, const char *name);

static int write_entry(struct walk *walk, int dir, const char *name)
{
	struct stat status;
	int r;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (status.st_mode & S_IFMT) {
	case S_IFREG:
		return write_file(walk, dir, name, &status);
	case S_IFLNK:
		return write_link(walk, dir, name);
	case S_IFDIR:
		r = write_head(walk, S_IFDIR | 0755, 0);
		return r < 0 ? r : write_folder(walk, dir, name);
	default:
		return -EINVAL;
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Everything in the folder; the walk's path is that of the folder, "" for the root. */
static int write_folder(struct walk *walk, int dir, const char *name)
{
	size_t length = strlen(walk->path);
	cleanup_close int fd =
		openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent **entries;
	char here[32];
	int count, r = 0;

	if (fd < 0)
		return -errno;
	snprintf(here, sizeof(here), "/proc/self/fd/%d", fd);
	count = scandir(here, &entries, is_entry, by_name);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		size_t room = sizeof(walk->path) - length;

		if (r == 0 && interrupted())
			r = -EINTR;
		if (r == 0 && (size_t)snprintf(walk->path + length, room, "%s%s",
				      length > 0 ? "/" : "", entries[i]->d_name) >= room)
			r = -ENAMETOOLONG;
		if (r == 0)
			r = write_entry(walk, fd, entries[i]->d_name);
		walk->path[length] = '\0';
		free(entries[i]);
	}
	free(entries);
	return r;
}

int archive_write(struct output *output, int root, uint32_t mtime)
{
	struct walk walk = {.output = output, .mtime = mtime};
	const struct cpio_entry trailer = {.name = CPIO_TRAILER, .links = 1};
	char head[CPIO_HEAD_BYTES_MAX];
	int r = write_folder(&walk, root, ".");

	if (r == 0)
		r = output_write(output, head, (size_t)cpio_head(&trailer, head));
	return r < 0 ? r : output_zeros(output, cpio_block_padding(output->length));
}

int archive_append(struct output *output, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t length;
	int r;

	if (fd < 0)
		return -errno;
	r = copy_bytes(output, fd, &length);
	if (r == 0 && length == 0)
		return -ENODATA;
	return r < 0 ? r : output_zeros(output, cpio_padding(output->length));
}
