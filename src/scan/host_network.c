/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cleanup.h"
#include "host_needs.h"
#include "network_routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NET_DIR   "sys/class/net"
#define DEPTH_MAX 8

struct network {
	int root;
	const struct machine *machine;
	struct needs *needs;
	char words[NEED_WORDS_MAX];
	unsigned depth;
	bool found;
};

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

void host_interface_needs(int root, const struct machine *machine, const char *interface,
	const char *words, struct needs *needs)
{
	struct network network = {.root = root, .machine = machine, .needs = needs};

	snprintf(network.words, sizeof(network.words), "%s", words);
	need_interface(&network, interface);
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
		need_routes(&network, v4, length, route_read4);
	v6_read = proc_read(root, "proc/net/ipv6_route", ROUTE_BYTES_MAX, &v6, &length);
	if (v6_read == 0)
		need_routes(&network, v6, length, route_read6);
	/* A kernel may be built without either of the two. */
	needs->network_known = (v4_read == 0 || v4_read == -ENOENT) &&
			       (v6_read == 0 || v6_read == -ENOENT) &&
			       (v4_read == 0 || v6_read == 0);
}
