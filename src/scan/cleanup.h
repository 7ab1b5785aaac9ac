/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Released at the end of the block; take_pointer() hands ownership on. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline char *take_pointer(char **pointer)
{
	char *taken = *pointer;

	*pointer = NULL;
	return taken;
}

#define cleanup_free  __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
