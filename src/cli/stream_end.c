/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream_end.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* With the NUL; the footer is as long as the head. */
#define XZ_MAGIC       "\xfd\x37zXZ"
#define XZ_MAGIC_BYTES 6
#define XZ_HEAD_BYTES  12
#define LZ4_MAGIC      0x184c2102U
#define ZSTD_MAGIC     0xfd2fb528U

/* The checksum of IEEE 802.3, of a few bytes. */
static uint32_t crc_32(const unsigned char *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static uint32_t read_32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static bool is_xz_footer(const unsigned char *at, const unsigned char *head)
{
	return memcmp(at + 10, "YZ", 2) == 0 && memcmp(at + 8, head + 6, 2) == 0 &&
	       crc_32(at + 4, 6) == read_32(at);
}

/* A stream is a multiple of four long, and its footer is checksum, size, the flags of its
 * head, "YZ" (xz-file-format.txt, 2.1.2). */
static size_t length_of_xz(const unsigned char *bytes, size_t length)
{
	for (size_t at = XZ_HEAD_BYTES; at + XZ_HEAD_BYTES <= length; at += 4)
		if (is_xz_footer(bytes + at, bytes))
			return at + XZ_HEAD_BYTES;
	return length;
}

/* The only format of lz4 that the kernel takes: chunks behind their length, up to one of
 * length 0 or the end (lib/decompress_unlz4.c). */
static size_t length_of_lz4(const unsigned char *bytes, size_t length)
{
	size_t at = 4;

	while (length - at >= 4) {
		uint32_t chunk = read_32(bytes + at);

		if (chunk == 0)
			return at;
		if (chunk == LZ4_MAGIC)
			chunk = 0;
		if (chunk > length - at - 4)
			return length;
		at += 4 + chunk;
	}
	return length;
}

/* The length of a frame: its head, blocks, a checksum (RFC 8878, 3.1.1); 0 for none. */
static size_t length_of_frame(const unsigned char *bytes, size_t length)
{
	static const unsigned char size_bytes[] = {0, 2, 4, 8}, id_bytes[] = {0, 1, 2, 4};
	size_t at = 5;
	bool single, last = false;

	if (length < at || read_32(bytes) != ZSTD_MAGIC)
		return 0;
	single = bytes[4] & 0x20;
	at += id_bytes[bytes[4] & 3] + size_bytes[bytes[4] >> 6];
	at += single ? bytes[4] >> 6 == 0 : 1;
	while (!last) {
		uint32_t head;

		if (at > length || length - at < 3)
			return 0;
		head = (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 |
		       (uint32_t)bytes[at + 2] << 16;
		last = head & 1;
		/* A block of one byte, many times, has only that. */
		at += 3 + ((head >> 1 & 3) == 1 ? 1 : head >> 3);
	}
	at += bytes[4] & 4;
	return at <= length ? at : 0;
}

/* A row of frames is one part. */
static size_t length_of_zstd(const unsigned char *bytes, size_t length)
{
	size_t at = 0, frame;

	while ((frame = length_of_frame(bytes + at, length - at)) > 0)
		at += frame;
	return at > 0 ? at : length;
}

size_t stream_end(const void *start, size_t length)
{
	const unsigned char *bytes = start;

	if (length >= XZ_HEAD_BYTES && memcmp(bytes, XZ_MAGIC, XZ_MAGIC_BYTES) == 0)
		return length_of_xz(bytes, length);
	if (length >= 4 && read_32(bytes) == LZ4_MAGIC)
		return length_of_lz4(bytes, length);
	if (length >= 4 && read_32(bytes) == ZSTD_MAGIC)
		return length_of_zstd(bytes, length);
	return length;
}
