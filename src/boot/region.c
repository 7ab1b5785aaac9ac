/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "region.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* In front of the bytes of each block. */
struct region_block {
	size_t size;
	struct region_block *next; /* of those that wait; else NULL */
};

_Static_assert(sizeof(struct region_block) % REGION_ALIGNMENT == 0, "blocks are aligned");

static struct region_block *block_of(void *bytes)
{
	return (struct region_block *)bytes - 1;
}

static unsigned char *end_of(struct region_block *block)
{
	return (unsigned char *)(block + 1) + block->size;
}

size_t region_size(void *block)
{
	return block_of(block)->size;
}

static unsigned bin_of(size_t size)
{
	return (unsigned)(sizeof(long long) * CHAR_BIT - 1) -
	       (unsigned)__builtin_clzll((unsigned long long)size);
}

static void *pages(size_t length)
{
	void *bytes = mmap(
		NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return bytes == MAP_FAILED ? NULL : bytes;
}

static void *take_large(size_t size)
{
	struct region_block *block = pages(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->size = size;
	return block + 1;
}

/* One that waits and is not twice as large, if it is the newest of its size. */
static void *take_waiting(struct region *region, size_t size, bool zeroed)
{
	struct region_block **bin = &region->waiting[bin_of(size)], *block = *bin;

	if (!block || block->size < size)
		return NULL;
	*bin = block->next;
	block->next = NULL;
	return zeroed ? memset(block + 1, 0, size) : block + 1;
}

static bool has_room(struct region *region, size_t length)
{
	unsigned char *chunk;

	if ((size_t)(region->end - region->next) >= length)
		return true;
	chunk = pages(REGION_CHUNK);
	if (!chunk)
		return false;
	region->next = chunk;
	region->end = chunk + REGION_CHUNK;
	region->clean = chunk;
	return true;
}

static void *take_next(struct region *region, size_t size, bool zeroed)
{
	struct region_block *block;
	unsigned char *begin;

	if (!has_room(region, sizeof(*block) + size))
		return NULL;
	block = (struct region_block *)(void *)region->next;
	begin = (unsigned char *)(block + 1);
	*block = (struct region_block){.size = size};
	region->next = begin + size;
	if (zeroed && region->clean > begin)
		memset(begin, 0,
			region->clean < region->next ? (size_t)(region->clean - begin)
						     : size);
	if (region->clean < region->next)
		region->clean = region->next;
	return begin;
}

void *region_take(struct region *region, size_t size, bool zeroed)
{
	void *bytes;

	if (size > PTRDIFF_MAX - REGION_CHUNK)
		return NULL;
	size = size == 0
		       ? REGION_ALIGNMENT
		       : (size + REGION_ALIGNMENT - 1) & ~(size_t)(REGION_ALIGNMENT - 1);
	if (size >= REGION_LARGE)
		return take_large(size);
	bytes = take_waiting(region, size, zeroed);
	return bytes ? bytes : take_next(region, size, zeroed);
}

static void give_back_large(struct region_block *block)
{
	(void)munmap(block, sizeof(*block) + block->size);
}

void region_give_back(struct region *region, void *bytes)
{
	struct region_block *block = block_of(bytes);

	if (block->size >= REGION_LARGE) {
		give_back_large(block);
	} else if (end_of(block) == region->next) {
		region->next = (unsigned char *)block;
	} else {
		struct region_block **bin = &region->waiting[bin_of(block->size)];

		block->next = *bin;
		*bin = block;
	}
}

void *region_resize(struct region *region, void *bytes, size_t size)
{
	struct region_block *block = block_of(bytes);
	const size_t had = block->size;
	void *other;

	if (size <= had)
		return bytes;
	if (had < REGION_LARGE && end_of(block) == region->next) {
		size_t more = (size - had + REGION_ALIGNMENT - 1) &
			      ~(size_t)(REGION_ALIGNMENT - 1);

		if (had + more < REGION_LARGE &&
			(size_t)(region->end - region->next) >= more) {
			block->size += more;
			region->next += more;
			if (region->clean < region->next)
				region->clean = region->next;
			return bytes;
		}
	}
	other = region_take(region, size, false);
	if (!other)
		return NULL;
	memcpy(other, bytes, had);
	region_give_back(region, bytes);
	return other;
}
