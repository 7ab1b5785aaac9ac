/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attached.h"

#include "disks.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET_DIR "sys/class/net"

struct search {
	int root;
	const struct machine *machine;
	struct attached *attached;
	size_t needed; /* how many of them are what the host needs, or stand before these
			*/
	int r;
};

__attribute__((format(printf, 3, 4))) static void add(
	struct search *search, size_t function, const char *format, ...)
{
	struct attached *attached = search->attached;
	va_list arguments;

	if (attached->count == attached->capacity) {
		size_t capacity = attached->capacity ? attached->capacity * 2 : 32;
		struct attachment *items =
			reallocarray(attached->items, capacity, sizeof(*items));

		if (!items) {
			search->r = -ENOMEM;
			return;
		}
		attached->items = items;
		attached->capacity = capacity;
	}
	va_start(arguments, format);
	(void)vsnprintf(attached->items[attached->count].text, ATTACHED_TEXT_MAX, format,
		arguments);
	va_end(arguments);
	attached->items[attached->count].found = attached->count;
	attached->items[attached->count++].function = function;
}

const struct pci_function *attached_function(
	const struct machine *machine, const char *link)
{
	const struct pci_function *deepest = NULL;

	while (link) {
		size_t length = strcspn(link, "/");
		struct pci_address address;

		if (pci_address_parse(link, length, &address) == 0) {
			const struct pci_function *found =
				machine_find(machine, &address);

			deepest = found ? found : deepest;
		}
		link = link[length] ? link + length + 1 : NULL;
	}
	return deepest;
}

static void find_boot_display(struct search *search)
{
	for (size_t i = 0; i < search->machine->count; i++)
		if (search->machine->functions[i].boot_display)
			add(search, i, "boot display");
}

/* A mount and root= name the same disk in different words: "carries / (...)". */
static bool is_said(const struct needs *needs, size_t index)
{
	const struct need *need = &needs->items[index];
	size_t length = strcspn(need->words, "(");

	for (size_t i = 0; i < index; i++) {
		const struct need *other = &needs->items[i];

		if (need->words[length] && other->on_pci &&
			strncmp(other->words, need->words, length + 1) == 0 &&
			pci_address_compare(&other->address, &need->address) == 0)
			return true;
	}
	return false;
}

static void find_needed(struct search *search, const struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++) {
		const struct need *need = &needs->items[i];
		const struct pci_function *function =
			need->on_pci ? machine_find(search->machine, &need->address)
				     : NULL;

		if (function && !is_said(needs, i))
			add(search, (size_t)(function - search->machine->functions), "%s",
				need->words);
	}
}

static void note_disk(void *context, const char *link, const char *words)
{
	struct search *search = context;
	const struct pci_function *function = attached_function(search->machine, link);

	if (function)
		add(search, (size_t)(function - search->machine->functions), "%s", words);
}

/* "carries the default route (eth0)" tells of the interface too. */
static bool is_told(const struct search *search, const struct pci_function *function,
	const char *interface)
{
	size_t index = (size_t)(function - search->machine->functions);
	char words[64];

	snprintf(words, sizeof(words), "(%.32s)", interface);
	for (size_t i = 0; i < search->needed; i++)
		if (search->attached->items[i].function == index &&
			strstr(search->attached->items[i].text, words))
			return true;
	return false;
}

static int visit_interface(void *context, int dir, const char *name)
{
	struct search *search = context;
	const struct pci_function *function;
	char link[SYSFS_TEXT_MAX];

	if (sysfs_read_link(dir, name, link, sizeof(link)) < 0)
		return 0;
	function = attached_function(search->machine, link);
	if (function && !is_told(search, function, name))
		add(search, (size_t)(function - search->machine->functions),
			"network interface %.32s", name);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct attachment *left = a, *right = b;

	if (left->function != right->function)
		return left->function < right->function ? -1 : 1;
	return left->found < right->found ? -1 : left->found > right->found;
}

size_t attached_first(const struct attached *attached, size_t function)
{
	size_t from = 0, to = attached->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (attached->items[middle].function < function)
			from = middle + 1;
		else
			to = middle;
	}
	return from < attached->count && attached->items[from].function == function
		       ? from
		       : attached->count;
}

int attached_find(int root, const struct machine *machine, const struct needs *needs,
	struct attached *ret_attached)
{
	struct attached attached = {0};
	struct search search = {.root = root, .machine = machine, .attached = &attached};

	find_boot_display(&search);
	find_needed(&search, needs);
	search.needed = attached.count;
	if (disks_describe(root, note_disk, &search) == -ENOMEM)
		search.r = -ENOMEM;
	(void)dir_for_each(root, NET_DIR, visit_interface, &search);
	if (search.r < 0) {
		attached_clear(&attached);
		return search.r;
	}
	if (attached.count > 1)
		qsort(attached.items, attached.count, sizeof(*attached.items), compare);
	*ret_attached = attached;
	return 0;
}

void attached_clear(struct attached *attached)
{
	free(attached->items);
	*attached = (struct attached){0};
}
