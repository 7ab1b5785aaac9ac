/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host_session.h"

#include "cleanup.h"
#include "core/number.h"
#include "network_routes.h"
#include "sysfs_read.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ENVIRON_BYTES_MAX 2097152
#define ANCESTORS_MAX     128
#define PATH_BYTES        64
#define PEER_BYTES        96 /* an address, and the interface behind '%' */

struct search {
	int root;
	const struct machine *machine;
	struct needs *needs;
};

/* The other end of a session. */
struct peer {
	bool is6;
	uint8_t address[16];
};

static void need(const struct search *search, const char *interface)
{
	char words[NEED_WORDS_MAX];

	snprintf(words, sizeof(words), "carries the session that runs this command (%s)",
		interface);
	host_interface_needs(
		search->root, search->machine, interface, words, search->needs);
}

/* 192.0.2.1, 2001:db8::1, or ::ffff:192.0.2.1 for the first of them. */
static bool read_peer(const char *text, struct peer *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*ret = (struct peer){0};
	if (inet_pton(AF_INET, text, ret->address) == 1)
		return true;
	if (inet_pton(AF_INET6, text, ret->address) != 1)
		return false;
	ret->is6 = memcmp(ret->address, mapped, sizeof(mapped)) != 0;
	if (!ret->is6)
		memmove(ret->address, ret->address + sizeof(mapped), 4);
	return true;
}

/* The route to the peer: of those with the longest prefix that with the least metric.
 * NULL: every interface of the table is needed. */
static bool follow(const struct search *search, const struct peer *peer, bool is6)
{
	cleanup_free char *text = NULL;
	struct route best = {.metric = UINT64_MAX};
	struct span rest, line;
	bool found = false;
	size_t length;

	if (proc_read(search->root, is6 ? "proc/net/ipv6_route" : "proc/net/route",
		    ROUTE_BYTES_MAX, &text, &length) < 0)
		return false;
	rest = (struct span){text, length};
	while (span_next(&rest, '\n', &line)) {
		struct route route = {0};

		if (!(is6 ? route_read6 : route_read4)(line, &route))
			continue;
		if (!peer)
			need(search, route.interface);
		if (!peer || !route_leads_to(&route, peer->address))
			continue;
		if (!found || route.prefix > best.prefix ||
			(route.prefix == best.prefix && route.metric < best.metric))
			best = route;
		found = true;
	}
	if (found)
		need(search, best.interface);
	return found;
}

/* VALUE is "CLIENT-ADDRESS CLIENT-PORT SERVER-ADDRESS SERVER-PORT". */
static void take_connection(const struct search *search, const char *value)
{
	size_t length = strcspn(value, " ");
	char text[PEER_BYTES], *scope;
	struct peer peer;

	if (length > 0 && length < sizeof(text)) {
		memcpy(text, value, length);
		text[length] = '\0';
		scope = strchr(text, '%');
		if (scope)
			*scope++ = '\0';
		if (scope && !strchr(scope, '/') && read_peer(text, &peer)) {
			need(search, scope);
			return;
		}
		if (!scope && read_peer(text, &peer) && follow(search, &peer, peer.is6))
			return;
	}
	(void)follow(search, NULL, false);
	(void)follow(search, NULL, true);
}

static void look_at_environment(const struct search *search, unsigned process)
{
	static const char name[] = "SSH_CONNECTION=";
	cleanup_free char *bytes = NULL;
	char path[PATH_BYTES];
	struct span rest, word;
	size_t length;

	snprintf(path, sizeof(path), "proc/%u/environ", process);
	if (proc_read(search->root, path, ENVIRON_BYTES_MAX, &bytes, &length) < 0)
		return;
	rest = (struct span){bytes, length};
	/* Each ends with a NUL, and so does the whole. */
	while (span_next(&rest, '\0', &word))
		if (word.length > strlen(name) &&
			memcmp(word.text, name, strlen(name)) == 0)
			take_connection(search, word.text + strlen(name));
}

/* "PID (NAME) STATE PPID ...": whatever the name is, the last ')' ends it. */
static unsigned parent_of(const struct search *search, unsigned process)
{
	char path[PATH_BYTES], text[SYSFS_TEXT_MAX], *at;
	uint64_t parent;

	snprintf(path, sizeof(path), "proc/%u/stat", process);
	if (sysfs_read_text(search->root, path, text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');
	if (!at || strlen(at) < 5)
		return 0;
	at += 4;
	if (number_parse(at, strcspn(at, " "), 10, UINT32_MAX, &parent) < 0)
		return 0;
	return (unsigned)parent;
}

void host_session_read(
	int root, unsigned process, const struct machine *machine, struct needs *needs)
{
	const struct search search = {root, machine, needs};

	for (unsigned i = 0; i < ANCESTORS_MAX && process != 0; i++) {
		look_at_environment(&search, process);
		process = parent_of(&search, process);
	}
	needs_sort(needs);
}
