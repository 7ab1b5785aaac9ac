/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What --sysroot names: this system (NULL), a directory, or a capture, which is unpacked
 * into a temporary directory of its own.
 */
#pragma once

struct sysroot {
	int fd;
	char *temporary; /* NULL: nothing to remove */
};

/* Complains itself. Returns 0, or the exit status that the program is to end with. */
int sysroot_open(const char *path, struct sysroot *ret_sysroot);
void sysroot_close(struct sysroot *sysroot);
