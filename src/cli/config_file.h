/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/vfio-early.conf, to be read and then replaced as a whole: what is written goes to
 * a file beside it, is on the disk before it gets the name, and has the owner, the mode
 * and the extended attributes of what was there. Until then, and after any error, that is
 * untouched.
 *
 * A symbolic link is not followed: what it leads to may belong to something else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define CONFIG_FILE "/etc/vfio-early.conf"

struct config_file {
	int folder;
	bool exists;
	struct stat status; /* with exists */
	char *text;         /* never NULL; has a NUL behind its end */
	size_t length;
};

/*
 * Opens and reads it below ROOT; it need not be there. Returns 0 or -errno: -ELOOP (a
 * symbolic link), -ENXIO (no regular file), -EFBIG (larger than a config may be).
 */
int config_file_open(int root, struct config_file *ret_file);

/* Returns 0 or -errno: -EAGAIN where it is not the file any more that was read. */
int config_file_replace(const struct config_file *file, const char *text, size_t length);

void config_file_close(struct config_file *file);
