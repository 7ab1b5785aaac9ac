/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of the kernel's routing tables as data: /proc/net/route
 * (fib_route_seq_show() in net/ipv4/fib_trie.c) and /proc/net/ipv6_route
 * (rt6_info_route() in net/ipv6/route.c). Only the main table is in the first.
 */
#pragma once

#include "core/record.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTE_BYTES_MAX     4194304 /* of either file */
#define ROUTE_INTERFACE_MAX 32      /* IFNAMSIZ is 16 */

struct route {
	char interface[ROUTE_INTERFACE_MAX];
	bool is_default;
	uint64_t metric;
	uint8_t destination[16]; /* as in the packet; the first 4 bytes with IPv4 */
	unsigned prefix;         /* bits of it that count */
};

/* False for a heading, for a route that is down or rejects, and for the loopback. */
bool route_read4(struct span line, struct route *ret);
bool route_read6(struct span line, struct route *ret);

/* Whether ADDRESS, of the same kind as the route, is one of its destinations. */
bool route_leads_to(const struct route *route, const uint8_t *address);
