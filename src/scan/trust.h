/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose word the boot follows. A file that tells it what to do, and the folder it stands
 * in, must be root's, and nobody else may be able to change them: no write permission for
 * group or others (the group's is also the mask of an access control list).
 *
 * A root directory that is not root's own is no system but somebody's copy of one.
 * Whoever owns that could replace everything in it, so there is nothing to be found out.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Whether only root can change FILE, which stands somewhere below ROOT. */
bool trust_status(const struct stat *root, const struct stat *file);

/* The same for an open file or folder. Returns 0, -EKEYREJECTED, or what fstat() gave. */
int trust_fd(int root, int fd);

/* The same for a folder below ROOT. One that is not there is trusted. */
int trust_folder(int root, const char *path);
