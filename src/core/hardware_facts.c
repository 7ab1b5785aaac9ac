/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hardware_facts.h"

static uint64_t little_endian(const unsigned char *bytes, unsigned count)
{
	uint64_t value = 0;

	while (count > 0)
		value = value << 8 | bytes[--count];
	return value;
}

#define EXTENDED_START 0x100U
#define EXTENDED_END   0x1000U
#define HEADER_BYTES   4U
#define SERIAL_ID      0x0003U
#define SERIAL_BYTES   8U

bool pci_serial_from_config(
	const unsigned char *config, size_t length, uint64_t *ret_serial)
{
	size_t at = EXTENDED_START;
	/* Each capability takes two words at the least: a longer walk is a loop. */
	unsigned left = (EXTENDED_END - EXTENDED_START) / 8;

	while (at >= EXTENDED_START && left-- > 0 &&
		at + HEADER_BYTES + SERIAL_BYTES <= length) {
		uint64_t header = little_endian(config + at, HEADER_BYTES);

		if (header == 0 || header == 0xffffffff)
			return false;
		if ((header & 0xffff) == SERIAL_ID) {
			*ret_serial =
				little_endian(config + at + HEADER_BYTES, SERIAL_BYTES);
			return true;
		}
		at = header >> 20 & 0xffc;
	}
	return false;
}
