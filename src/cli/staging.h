/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A temporary folder in which an archive's files are brought together. */
#pragma once

#include <sys/types.h>

/* Makes one in $TMPDIR, else in /tmp. Returns its path, to be given to staging_end(), or
 * NULL with errno. */
char *staging_begin(void);

/* The same for many small files: in /dev/shm where TMPDIR says nothing and there is one.
 */
char *staging_begin_in_memory(void);

/* Removes it with all that is in it, and frees the path, which may be NULL. */
void staging_end(char *path);

/* Makes a folder, and those above it that are missing. Returns 0 or -errno. */
int make_folders(const char *path);

/* Copies a regular file, or what a link leads to. Returns 0 or -errno. */
int copy_file(const char *from, const char *to, mode_t mode);
