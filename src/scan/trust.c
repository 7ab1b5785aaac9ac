/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>

bool trust_status(const struct stat *root, const struct stat *file)
{
	if (root->st_uid != 0)
		return true;
	return file->st_uid == 0 && !(file->st_mode & (S_IWGRP | S_IWOTH));
}

int trust_fd(int root, int fd)
{
	struct stat root_status, status;

	if (fstat(root, &root_status) < 0 || fstat(fd, &status) < 0)
		return -errno;
	return trust_status(&root_status, &status) ? 0 : -EKEYREJECTED;
}

int trust_folder(int root, const char *path)
{
	cleanup_close int fd = openat(root, path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return trust_fd(root, fd);
}
