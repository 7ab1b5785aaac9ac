/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uki.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Offsets of Microsoft's "PE Format"; all numbers are little-endian. */
#define DOS_HEADER_BYTES     64
#define DOS_PE_OFFSET        60
#define COFF_BYTES           24 /* with the signature */
#define COFF_SECTION_COUNT   6
#define COFF_OPTIONAL_BYTES  20
#define SECTION_BYTES        40
#define SECTION_NAME_BYTES   8
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_RAW_SIZE     16
#define SECTION_RAW_AT       20

static uint32_t read_16(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t read_32(const unsigned char *at)
{
	return read_16(at) | read_16(at + 2) << 16;
}

/* The table of sections and how many there are; NULL for what is no PE file. */
static const unsigned char *sections(
	const unsigned char *bytes, size_t length, uint32_t *ret_count)
{
	size_t header, table;

	if (length < DOS_HEADER_BYTES || memcmp(bytes, "MZ", 2) != 0)
		return NULL;
	header = read_32(bytes + DOS_PE_OFFSET);
	if (header > length || length - header < COFF_BYTES ||
		memcmp(bytes + header, "PE\0\0", 4) != 0)
		return NULL;
	*ret_count = read_16(bytes + header + COFF_SECTION_COUNT);
	table = header + COFF_BYTES + read_16(bytes + header + COFF_OPTIONAL_BYTES);
	if (table > length || (length - table) / SECTION_BYTES < *ret_count)
		return NULL;
	return bytes + table;
}

int uki_section(const void *bytes, size_t length, const char *name, unsigned number,
	const char **ret_at, size_t *ret_length)
{
	uint32_t count = 0;
	const unsigned char *section = sections(bytes, length, &count);

	if (!section)
		return -EBADMSG;
	for (; count > 0; count--, section += SECTION_BYTES) {
		uint32_t at = read_32(section + SECTION_RAW_AT);
		uint32_t raw = read_32(section + SECTION_RAW_SIZE);
		uint32_t size = read_32(section + SECTION_VIRTUAL_SIZE);

		if (strncmp((const char *)section, name, SECTION_NAME_BYTES) != 0 ||
			number-- > 0)
			continue;
		/* The file has it rounded up to a whole block. */
		size = size < raw ? size : raw;
		if (at > length || size > length - at)
			return -EBADMSG;
		*ret_at = (const char *)bytes + at;
		*ret_length = size;
		return 0;
	}
	return -ENOENT;
}
