/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs_read.h"

#include "cleanup.h"
#include "trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM 1024
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Returns how many bytes were read, 0 at the end. */
static ssize_t read_some(int fd, char *out, size_t room)
{
	ssize_t n;

	do
		n = read(fd, out, room);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int sysfs_read_text(int dir, const char *path, char *out, size_t size)
{
	cleanup_close int fd = openat(dir, path, READ_FLAGS);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read_some(fd, out, size);
	if (length < 0)
		return (int)length;
	if ((size_t)length == size)
		return -EFBIG;
	if (length > 0 && out[length - 1] == '\n')
		length--;
	out[length] = '\0';
	return (int)length;
}

int sysfs_read_link(int dir, const char *path, char *out, size_t size)
{
	ssize_t length = readlinkat(dir, path, out, size);

	if (length < 0)
		return -errno;
	if ((size_t)length == size)
		return -EFBIG;
	out[length] = '\0';
	return (int)length;
}

int sysfs_read_link_name(int dir, const char *path, char *out, size_t size)
{
	char link[SYSFS_TEXT_MAX];
	const char *slash, *name;
	int r = sysfs_read_link(dir, path, link, sizeof(link));

	if (r < 0)
		return r;
	slash = strrchr(link, '/');
	name = slash ? slash + 1 : link;
	if (strlen(name) >= size)
		return -EFBIG;
	memcpy(out, name, strlen(name) + 1);
	return (int)strlen(name);
}

/* What a file has behind its first LENGTH bytes, which are in FIRST. */
static int read_more(int fd, size_t max, const char *first, size_t length,
	char **ret_bytes, size_t *ret_length)
{
	cleanup_free char *bytes = NULL;
	size_t room = length;
	ssize_t n;

	do {
		if (length == room) {
			char *more;

			room = room * 2 > max + 1 ? max + 1 : room * 2;
			more = realloc(bytes, room);
			if (!more)
				return -ENOMEM;
			if (!bytes)
				memcpy(more, first, length);
			bytes = more;
		}
		n = read_some(fd, bytes + length, room - length);
		if (n < 0)
			return (int)n;
		length += (size_t)n;
	} while (n > 0 && length <= max);
	if (length > max)
		return -EFBIG;
	bytes[length] = '\0';
	*ret_bytes = take_pointer(&bytes);
	*ret_length = length;
	return 0;
}

/* Reads at most MAX bytes; one more byte of room shows whether there are more. Most files
 * are short: these take no more memory than they have bytes. */
static int read_bounded(int fd, size_t max, char **ret_bytes, size_t *ret_length)
{
	char first[FIRST_ROOM];
	size_t length = 0, room = max + 1 < sizeof(first) ? max + 1 : sizeof(first);
	ssize_t n;
	char *bytes;

	do {
		n = read_some(fd, first + length, room - length);
		if (n < 0)
			return (int)n;
		length += (size_t)n;
	} while (n > 0 && length < room);
	if (length > max)
		return -EFBIG;
	if (length == room)
		return read_more(fd, max, first, length, ret_bytes, ret_length);
	bytes = malloc(length + 1);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, first, length);
	bytes[length] = '\0';
	*ret_bytes = bytes;
	*ret_length = length;
	return 0;
}

int file_read(
	int root, const char *path, size_t max, char **ret_bytes, size_t *ret_length)
{
	cleanup_close int fd = openat(root, path, READ_FLAGS);
	struct stat status;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -ENXIO;
	r = trust_fd(root, fd);
	if (r < 0)
		return r;
	return read_bounded(fd, max, ret_bytes, ret_length);
}

int proc_read(int dir, const char *path, size_t max, char **ret_bytes, size_t *ret_length)
{
	cleanup_close int fd = openat(dir, path, READ_FLAGS);

	if (fd < 0)
		return -errno;
	return read_bounded(fd, max, ret_bytes, ret_length);
}

/* Whoever is called for each entry: one of the two. */
struct visitor {
	int (*visit)(void *context, int dir, const char *name);
	int (*visit_node)(void *context, const char *name, uint64_t node);
	void *context;
};

static int visit_entries(DIR *stream, const struct visitor *visitor)
{
	for (;;) {
		struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = visitor->visit ? visitor->visit(visitor->context, dirfd(stream),
					     entry->d_name)
				   : visitor->visit_node(visitor->context, entry->d_name,
					     (uint64_t)entry->d_ino);
		if (r != 0)
			return r;
	}
}

static int for_each(int dir, const char *path, const struct visitor *visitor)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;
	int r;

	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		r = -errno;
		close(fd);
		return r;
	}
	r = visit_entries(stream, visitor);
	closedir(stream);
	return r;
}

int dir_for_each(int dir, const char *path,
	int (*visit)(void *context, int dir, const char *name), void *context)
{
	const struct visitor visitor = {.visit = visit, .context = context};

	return for_each(dir, path, &visitor);
}

int dir_for_each_node(int dir, const char *path,
	int (*visit)(void *context, const char *name, uint64_t node), void *context)
{
	const struct visitor visitor = {.visit_node = visit, .context = context};

	return for_each(dir, path, &visitor);
}
