/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of a run that ends soon.
 *
 * Taken from the kernel a chunk at a time, and kept until the process ends: a C library's
 * allocator asks for pages and gives them back many times in a run of milliseconds, and
 * each time the kernel has to clear and to unmap them. Here the newest block can grow in
 * its place, and its bytes are free again when it is given back; an older one waits for
 * somebody who wants about as much. What is large has pages of its own, and these do go
 * back at once.
 *
 * Blocks are aligned to REGION_ALIGNMENT bytes. Giving back a block twice, or writing to
 * one that was given back, is as wrong here as anywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REGION_ALIGNMENT 16
/* Asked for at a time; below the size of a huge page, which the kernel would clear. */
#define REGION_CHUNK ((size_t)1 << 20)
/* What has so many bytes, or more, has pages of its own. */
#define REGION_LARGE ((size_t)1 << 17)
/* Of blocks that wait, by the highest bit of their size. */
#define REGION_BINS 20

struct region {
	unsigned char *next;  /* where the next block begins */
	unsigned char *end;   /* of the chunk */
	unsigned char *clean; /* from here to the end nothing was written */
	struct region_block *waiting[REGION_BINS];
};

/* A block of SIZE bytes; if ZEROED, all 0. NULL where there is no memory. */
void *region_take(struct region *region, size_t size, bool zeroed);

/* Makes a block larger, perhaps elsewhere, or leaves it as it is where it is large
 * enough. NULL where there is no memory: then the block is as it was. */
void *region_resize(struct region *region, void *block, size_t size);

void region_give_back(struct region *region, void *block);

/* How many bytes of a block can be used: at least as many as were asked for. */
size_t region_size(void *block);
