/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT   4
#define FIELD_BYTES 8

/* Appends one field of eight digits. */
static char *put(char *out, uint32_t value)
{
	char digits[FIELD_BYTES + 1];

	snprintf(digits, sizeof(digits), "%08X", value);
	memcpy(out, digits, FIELD_BYTES);
	return out + FIELD_BYTES;
}

int cpio_head(const struct cpio_entry *entry, char *out)
{
	static const char magic[] = "070701";
	size_t name_bytes = strlen(entry->name) + 1;
	unsigned padding;
	char *at = out;

	if (name_bytes == 1)
		return -EINVAL;
	if (name_bytes > CPIO_NAME_BYTES_MAX)
		return -ENAMETOOLONG;
	if (entry->size > UINT32_MAX)
		return -EFBIG;
	memcpy(at, magic, sizeof(magic) - 1);
	at += sizeof(magic) - 1;
	at = put(at, entry->inode);
	at = put(at, entry->mode);
	at = put(at, 0); /* owner */
	at = put(at, 0); /* group */
	at = put(at, entry->links);
	at = put(at, entry->mtime);
	at = put(at, (uint32_t)entry->size);
	for (int device_number = 0; device_number < 4; device_number++)
		at = put(at, 0);
	at = put(at, (uint32_t)name_bytes);
	at = put(at, 0); /* checksum, which this format does not have */
	memcpy(at, entry->name, name_bytes);
	at += name_bytes;
	padding = cpio_padding((uint64_t)(at - out));
	memset(at, 0, padding);
	return (int)(at - out) + (int)padding;
}

static unsigned padding_to(uint64_t length, unsigned multiple)
{
	return (unsigned)((multiple - length % multiple) % multiple);
}

unsigned cpio_padding(uint64_t length)
{
	return padding_to(length, ALIGNMENT);
}

unsigned cpio_block_padding(uint64_t length)
{
	return padding_to(length, CPIO_BLOCK_BYTES);
}
