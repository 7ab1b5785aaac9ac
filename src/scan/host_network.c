/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cleanup.h"
#include "core/number.h"
#include "core/record.h"
#include "host_needs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NET_DIR         "sys/class/net"
#define ROUTE_BYTES_MAX 4194304
#define NAME_BYTES      32 /* IFNAMSIZ is 16 */
#define DEPTH_MAX       8
/* include/uapi/linux/route.h */
#define ROUTE_UP     0x0001U
#define ROUTE_REJECT 0x0200U

struct route {
	char interface[NAME_BYTES];
	bool is_default;
	uint64_t metric;
};

struct network {
	int root;
	const struct machine *machine;
	struct needs *needs;
	char words[NEED_WORDS_MAX];
	unsigned depth;
	bool found;
};

static bool number(struct span field, unsigned base, uint64_t *ret)
{
	return number_parse(field.text, field.length, base, UINT64_MAX, ret) == 0;
}

static bool all_zero(struct span field)
{
	for (size_t i = 0; i < field.length; i++)
		if (field.text[i] != '0')
			return false;
	return field.length > 0;
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

/* fib_route_seq_show() in net/ipv4/fib_trie.c */
static bool read_route4(struct span line, struct route *ret)
{
	struct span fields[8];
	uint64_t flags;

	if (divide(line, fields, 8) < 8 || !number(fields[3], 16, &flags) ||
		!(flags & ROUTE_UP) || (flags & ROUTE_REJECT) ||
		!number(fields[6], 10, &ret->metric))
		return false;
	ret->is_default = all_zero(fields[1]) && all_zero(fields[7]);
	return take_interface(fields[0], ret);
}

/* rt6_info_route() in net/ipv6/route.c */
static bool read_route6(struct span line, struct route *ret)
{
	struct span fields[10];
	uint64_t flags;

	if (divide(line, fields, 10) < 10 || !number(fields[8], 16, &flags) ||
		!(flags & ROUTE_UP) || (flags & ROUTE_REJECT) ||
		!number(fields[5], 16, &ret->metric))
		return false;
	ret->is_default = all_zero(fields[0]) && all_zero(fields[1]);
	return take_interface(fields[9], ret);
}

static void need_interface(struct network *network, const char *name);

/* What a bridge, bond or VLAN is made of: lower_NAME
 * (__netdev_adjacent_dev_insert() in net/core/dev.c). */
static int visit_lower(void *context, int dir, const char *name)
{
	static const char prefix[] = "lower_";

	(void)dir;
	if (strncmp(name, prefix, strlen(prefix)) == 0)
		need_interface(context, name + strlen(prefix));
	return 0;
}

static void need_interface(struct network *network, const char *name)
{
	char path[SYSFS_TEXT_MAX], link[SYSFS_TEXT_MAX];

	if (network->depth == DEPTH_MAX)
		return;
	network->depth++;
	snprintf(path, sizeof(path), NET_DIR "/%s", name);
	if (sysfs_read_link(network->root, path, link, sizeof(link)) <= 0)
		;
	else if (host_link_needs(network->machine, link, NEED_NETWORK, network->words,
			 network->needs))
		network->found = true;
	else
		(void)dir_for_each(network->root, path, visit_lower, network);
	network->depth--;
}

/* A tunnel leads nowhere: its own packets take another default route. */
static bool leads_to_hardware(const struct network *network, const char *interface)
{
	struct needs needs = {0};
	struct network trial = {.root = network->root,
		.machine = network->machine,
		.needs = &needs,
		.words = ""};

	need_interface(&trial, interface);
	needs_clear(&needs);
	return trial.found;
}

/* With the root on the network every interface that has a route, else the one that the
 * default route takes. */
static void need_routes(struct network *network, const char *text, size_t length,
	bool (*read)(struct span line, struct route *ret))
{
	struct span rest = {text, length}, line;
	struct route best = {.metric = UINT64_MAX};
	bool all = network->needs->root == ROOT_NETWORK;

	while (span_next(&rest, '\n', &line)) {
		struct route route = {0};

		if (!read(line, &route))
			continue;
		snprintf(network->words, sizeof(network->words),
			"carries / over the network (%s)", route.interface);
		if (all)
			need_interface(network, route.interface);
		if (route.is_default &&
			(!best.is_default || route.metric < best.metric) &&
			leads_to_hardware(network, route.interface))
			best = route;
	}
	if (!best.is_default)
		return;
	snprintf(network->words, sizeof(network->words), "carries the default route (%s)",
		best.interface);
	need_interface(network, best.interface);
}

void host_network_read(int root, const struct machine *machine, struct needs *needs)
{
	cleanup_free char *v4 = NULL, *v6 = NULL;
	struct network network = {.root = root, .machine = machine, .needs = needs};
	size_t length;
	int v4_read = proc_read(root, "proc/net/route", ROUTE_BYTES_MAX, &v4, &length);
	int v6_read;

	if (v4_read == 0)
		need_routes(&network, v4, length, read_route4);
	v6_read = proc_read(root, "proc/net/ipv6_route", ROUTE_BYTES_MAX, &v6, &length);
	if (v6_read == 0)
		need_routes(&network, v6, length, read_route6);
	/* A kernel may be built without either of the two. */
	needs->network_known = (v4_read == 0 || v4_read == -ENOENT) &&
			       (v6_read == 0 || v6_read == -ENOENT) &&
			       (v4_read == 0 || v6_read == 0);
}
