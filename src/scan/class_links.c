/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class_links.h"

#include "sysfs_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_COUNT 16

struct reading {
	int root;
	const char *prefix;
	int (*more)(struct class_links *links, int root, const char *link);
	struct class_links *links;
};

/* Room for one more. */
static int reserve(void **items, size_t size, size_t count, size_t *capacity)
{
	size_t more = *capacity ? *capacity * 2 : FIRST_COUNT;
	void *larger;

	if (count < *capacity)
		return 0;
	larger = realloc(*items, more * size);
	if (!larger)
		return -ENOMEM;
	*items = larger;
	*capacity = more;
	return 0;
}

/* What a device hangs on is above it: its own name, the last one, is none of these. */
int class_links_add(struct class_links *links, const char *link)
{
	for (const char *slash = strchr(link, '/'); slash; slash = strchr(link, '/')) {
		struct pci_address address;
		int r;

		r = pci_address_parse(link, (size_t)(slash - link), &address);
		link = slash + 1;
		if (r < 0)
			continue;
		r = reserve((void **)&links->passes, sizeof(*links->passes),
			links->pass_count, &links->pass_capacity);
		if (r < 0)
			return r;
		links->passes[links->pass_count++] =
			(struct class_pass){address, links->count - 1};
	}
	return 0;
}

static void note_unread(struct class_links *links, int error, const char *name)
{
	if (links->error != 0 || error == -ENOENT || error == -ENODEV)
		return;
	links->error = error;
	snprintf(links->unread, sizeof(links->unread), "%s", name);
}

static int visit(void *context, int dir, const char *name)
{
	const struct reading *reading = context;
	struct class_links *links = reading->links;
	char link[SYSFS_TEXT_MAX];
	int r;

	if (strncmp(name, reading->prefix, strlen(reading->prefix)) != 0)
		return 0;
	r = sysfs_read_link(dir, name, link, sizeof(link));
	if (r < 0) {
		note_unread(links, r, name);
		return 0;
	}
	r = reserve((void **)&links->entries, sizeof(*links->entries), links->count,
		&links->capacity);
	if (r < 0)
		return r;
	snprintf(links->entries[links->count].name, CLASS_NAME_MAX, "%s", name);
	links->count++;
	r = class_links_add(links, link);
	return r == 0 && reading->more ? reading->more(links, reading->root, link) : r;
}

static int compare(const void *a, const void *b)
{
	const struct class_pass *left = a, *right = b;
	int r = pci_address_compare(&left->address, &right->address);

	return r != 0 ? r : left->entry < right->entry ? -1 : left->entry > right->entry;
}

int class_links_read(int root, const char *path, const char *prefix,
	int (*more)(struct class_links *links, int root, const char *link),
	struct class_links *ret_links)
{
	struct class_links links = {0};
	struct reading reading = {root, prefix, more, &links};
	int r = dir_for_each(root, path, visit, &reading);

	if (r == -ENOMEM) {
		class_links_clear(&links);
		return r;
	}
	if (r < 0 && r != -ENOENT) {
		links.error = r;
		links.unread[0] = '\0';
	}
	if (links.pass_count > 1)
		qsort(links.passes, links.pass_count, sizeof(*links.passes), compare);
	*ret_links = links;
	return 0;
}

void class_links_clear(struct class_links *links)
{
	free(links->entries);
	free(links->passes);
	*links = (struct class_links){0};
}

size_t class_links_first(
	const struct class_links *links, const struct pci_address *address)
{
	size_t from = 0, to = links->pass_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (pci_address_compare(&links->passes[middle].address, address) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < links->pass_count &&
			       pci_address_compare(
				       &links->passes[from].address, address) == 0
		       ? from
		       : links->pass_count;
}
