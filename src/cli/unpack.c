/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack.h"

#include "core/capture_text.h"
#include "interrupt.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neighbours come in a row, so the last directory is kept open. */
struct tree {
	int root;
	int dir;
	char path[CAPTURE_PATH_MAX]; /* of dir, relative to root */
};

static int step_into(int dir, const char *name)
{
	int fd;

	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Opens the directory at PATH of LENGTH bytes, and makes it where it is missing. */
static int enter(struct tree *tree, const char *path, size_t length)
{
	char rest[CAPTURE_PATH_MAX], *part, *save = NULL;
	int dir;

	if (tree->dir >= 0 && strlen(tree->path) == length &&
		memcmp(tree->path, path, length) == 0)
		return 0;
	memcpy(rest, path, length);
	rest[length] = '\0';
	dir = fcntl(tree->root, F_DUPFD_CLOEXEC, 0);
	if (dir < 0)
		return -errno;
	for (part = strtok_r(rest, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		int next = step_into(dir, part);

		close(dir);
		if (next < 0)
			return next;
		dir = next;
	}
	if (tree->dir >= 0)
		close(tree->dir);
	tree->dir = dir;
	memcpy(tree->path, path, length);
	tree->path[length] = '\0';
	return 0;
}

/* Enters the directory that holds PATH; *ret_name is the last part. */
static int enter_parent(struct tree *tree, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	if (interrupted())
		return -EINTR;
	*ret_name = slash + 1;
	return enter(tree, path, (size_t)(slash - path));
}

static int make_directory(void *context, const char *path)
{
	return interrupted() ? -EINTR : enter(context, path, strlen(path));
}

static int make_file(void *context, const char *path, const char *bytes, size_t length)
{
	struct tree *tree = context;
	cleanup_close int fd = -1;
	const char *name;
	int r = enter_parent(tree, path, &name);

	if (r < 0)
		return r;
	fd = openat(tree->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0)
		return -errno;
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static int make_link(void *context, const char *path, const char *target)
{
	struct tree *tree = context;
	const char *name;
	int r = enter_parent(tree, path, &name);

	if (r < 0)
		return r;
	return symlinkat(target, tree->dir, name) < 0 ? -errno : 0;
}

int capture_unpack(const char *text, size_t length, int root, unsigned *ret_line)
{
	struct tree tree = {.root = root, .dir = -1};
	const struct capture_visitor visitor = {.context = &tree,
		.directory = make_directory,
		.file = make_file,
		.link = make_link};
	int r = capture_parse(text, length, &visitor, ret_line);

	if (tree.dir >= 0)
		close(tree.dir);
	return r;
}
