/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "staging.h"

#include "io/write_all.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES     65536
#define DESCRIPTORS_MAX 16

static char *make_below(const char *parent)
{
	char *path;

	if (asprintf(&path, "%s/vfio-early.XXXXXX", parent) < 0)
		return NULL;
	if (mkdtemp(path))
		return path;
	free(path);
	return NULL;
}

char *staging_begin(void)
{
	const char *parent = getenv("TMPDIR");

	return make_below(parent && parent[0] == '/' ? parent : "/tmp");
}

char *staging_begin_in_memory(void)
{
	char *path = getenv("TMPDIR") ? NULL : make_below("/dev/shm");

	return path ? path : staging_begin();
}

static int remove_one(
	const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

void staging_end(char *path)
{
	if (path)
		(void)nftw(path, remove_one, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS);
	free(path);
}

int make_folders(const char *path)
{
	char part[PATH_MAX];

	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int copy_file(const char *from, const char *to, mode_t mode)
{
	cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_close int out = -1;
	char bytes[CHUNK_BYTES];
	struct stat status;
	ssize_t n;
	int r = 0;

	if (in < 0 || fstat(in, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	while (r == 0 && (n = read(in, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : write_all(out, bytes, (size_t)n);
	}
	if (r == 0 && fchmod(out, mode) < 0)
		r = -errno;
	return r;
}
