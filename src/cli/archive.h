/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder as a cpio archive for the kernel: sorted, owned by root, with one time for all
 * entries and the permissions 0755 (folders, programs) and 0644, so that the same files
 * give the same bytes.
 */
#pragma once

#include "output.h"

#include <stdint.h>

/*
 * Appends an archive of everything below the directory descriptor ROOT. Only regular
 * files, folders and symbolic links: -EINVAL for anything else. Returns 0 or -errno, or
 * -EINTR after a signal.
 */
int archive_write(struct output *output, int root, uint32_t mtime);

/* Appends a file as it is, with zeros up to a multiple of four. Returns 0 or -errno. */
int archive_append(struct output *output, const char *path);
