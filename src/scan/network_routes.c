/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network_routes.h"

#include "core/number.h"

#include <string.h>

/* include/uapi/linux/route.h */
#define ROUTE_UP     0x0001U
#define ROUTE_REJECT 0x0200U

static bool number(struct span field, unsigned base, uint64_t *ret)
{
	return number_parse(field.text, field.length, base, UINT64_MAX, ret) == 0;
}

static size_t divide(struct span line, struct span *fields, size_t max)
{
	size_t count = 0;
	struct span word;

	for (size_t i = 0; i <= line.length && count < max;) {
		size_t begin = i;

		while (i < line.length && line.text[i] != ' ' && line.text[i] != '\t')
			i++;
		word = (struct span){line.text + begin, i - begin};
		if (word.length > 0)
			fields[count++] = word;
		i++;
	}
	return count;
}

static bool take_interface(struct span field, struct route *route)
{
	if (field.length == 0 || field.length >= sizeof(route->interface))
		return false;
	memcpy(route->interface, field.text, field.length);
	route->interface[field.length] = '\0';
	return strcmp(route->interface, "lo") != 0 &&
	       !memchr(route->interface, '/', field.length);
}

bool route_read4(struct span line, struct route *ret)
{
	uint64_t flags, destination, mask;
	struct span fields[8];
	uint32_t raw;

	if (divide(line, fields, 8) < 8 || !number(fields[3], 16, &flags) ||
		!(flags & ROUTE_UP) || (flags & ROUTE_REJECT) ||
		!number(fields[1], 16, &destination) || destination > UINT32_MAX ||
		!number(fields[7], 16, &mask) || mask > UINT32_MAX ||
		!number(fields[6], 10, &ret->metric))
		return false;
	/* The number that those four bytes are to this machine. */
	raw = (uint32_t)destination;
	memcpy(ret->destination, &raw, sizeof(raw));
	ret->prefix = (unsigned)__builtin_popcountll(mask);
	ret->is_default = destination == 0 && mask == 0;
	return take_interface(fields[0], ret);
}

bool route_read6(struct span line, struct route *ret)
{
	struct span fields[10];
	uint64_t flags, prefix, byte;

	if (divide(line, fields, 10) < 10 || !number(fields[8], 16, &flags) ||
		!(flags & ROUTE_UP) || (flags & ROUTE_REJECT) ||
		!number(fields[1], 16, &prefix) || prefix > 128 ||
		fields[0].length != 2 * sizeof(ret->destination) ||
		!number(fields[5], 16, &ret->metric))
		return false;
	ret->is_default = prefix == 0;
	for (size_t i = 0; i < sizeof(ret->destination); i++) {
		if (!number((struct span){fields[0].text + 2 * i, 2}, 16, &byte))
			return false;
		ret->destination[i] = (uint8_t)byte;
		ret->is_default &= byte == 0;
	}
	ret->prefix = (unsigned)prefix;
	return take_interface(fields[9], ret);
}

bool route_leads_to(const struct route *route, const uint8_t *address)
{
	unsigned whole = route->prefix / 8, rest = route->prefix % 8;

	if (memcmp(route->destination, address, whole) != 0)
		return false;
	return rest == 0 ||
	       ((route->destination[whole] ^ address[whole]) >> (8 - rest)) == 0;
}
