/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * malloc() and its like of the static program, for the libraries in it too: see region.h.
 * One thread, and a child that goes on with a copy of what its parent had.
 */
#include "region.h"

#include <errno.h>
#include <stdlib.h>

static struct region region;

static void *or_no_memory(void *bytes)
{
	if (!bytes)
		errno = ENOMEM;
	return bytes;
}

void *malloc(size_t size)
{
	return or_no_memory(region_take(&region, size, false));
}

void *calloc(size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all))
		return or_no_memory(NULL);
	return or_no_memory(region_take(&region, all, true));
}

void *realloc(void *bytes, size_t size)
{
	return or_no_memory(bytes ? region_resize(&region, bytes, size)
				  : region_take(&region, size, false));
}

void free(void *bytes)
{
	if (bytes)
		region_give_back(&region, bytes);
}

/* Nobody here asks for more than every block has. */
void *aligned_alloc(size_t alignment, size_t size)
{
	if (alignment <= REGION_ALIGNMENT)
		return or_no_memory(region_take(&region, size, false));
	errno = EINVAL;
	return NULL;
}
