/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_use.h"

#include "core/number.h"
#include "sysfs_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NET_DIR        "sys/class/net"
#define SOUND_DIR      "sys/class/sound"
#define CARD           "card"
#define SND_DEV        "/dev/snd/"
#define NAME_SHOWN_MAX 32

/* include/uapi/linux/if.h, which clashes with the C library's net/if.h. */
#define INTERFACE_UP 0x1U

struct search {
	int root;
	struct pci_function *function;
	unsigned card;
	char process[NAME_SHOWN_MAX];
};

static int busy(
	struct search *search, const char *what, const char *name, const char *how)
{
	search->function->use = USE_BUSY;
	snprintf(search->function->use_text, sizeof(search->function->use_text),
		"%s %.32s %s", what, name, how);
	return 1;
}

/* Ends the search, unless what could not be read is not there or no longer there. */
static int unread(struct search *search, const char *what, int error)
{
	if (error == -ENOENT || error == -ENODEV || error == -ESRCH)
		return 0;
	search->function->use = USE_UNKNOWN;
	snprintf(search->function->use_text, sizeof(search->function->use_text),
		"%.32s could not be looked at", what);
	return 1;
}

/* The same as dir_for_each(), but a folder that cannot be read ends the search. */
static int for_each(struct search *search, int dir, const char *path,
	int (*visit)(void *context, int dir, const char *name))
{
	int r = dir_for_each(dir, path, visit, search);

	return r < 0 ? unread(search, path, r) : r;
}

static int look_at_interface(struct search *search, const char *name)
{
	char path[SYSFS_TEXT_MAX], text[NAME_SHOWN_MAX];
	uint64_t flags;
	int length;

	snprintf(path, sizeof(path), NET_DIR "/%s/flags", name);
	length = sysfs_read_text(search->root, path, text, sizeof(text));
	if (length > 2 &&
		number_parse(text + 2, (size_t)length - 2, 16, UINT32_MAX, &flags) == 0 &&
		!(flags & INTERFACE_UP))
		return 0;
	return busy(search, "network interface", name, "is up");
}

static int visit_descriptor(void *context, int dir, const char *name)
{
	struct search *search = context;
	char link[SYSFS_TEXT_MAX], card[NAME_SHOWN_MAX];
	const char *at;
	int r;

	r = sysfs_read_link(dir, name, link, sizeof(link));
	/* No path of a sound device is that long. */
	if (r < 0 && r != -EFBIG)
		return unread(search, "/proc", r);
	if (r < 0 || strncmp(link, SND_DEV, strlen(SND_DEV)) != 0)
		return 0;
	/* controlC0, pcmC0D0p, hwC0D0, midiC0D0 */
	snprintf(card, sizeof(card), "C%u", search->card);
	at = strstr(link, card);
	if (!at || (at[strlen(card)] >= '0' && at[strlen(card)] <= '9'))
		return 0;
	return busy(search, "process", search->process, "has its sound device open");
}

static int visit_process(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[SYSFS_TEXT_MAX];

	if (name[0] < '0' || name[0] > '9')
		return 0;
	snprintf(search->process, sizeof(search->process), "%.31s", name);
	snprintf(path, sizeof(path), "%s/fd", name);
	return for_each(search, dir, path, visit_descriptor);
}

static int look_at_card(struct search *search, const char *name)
{
	uint64_t number;

	if (number_parse(name + strlen(CARD), strlen(name) - strlen(CARD), 10, 1024,
		    &number) < 0)
		return 0;
	search->card = (unsigned)number;
	return for_each(search, search->root, "proc", visit_process);
}

/* Every entry of a class below the function; one that could not be read may be. */
static int look_below(struct search *search, const struct class_links *links,
	const char *class, int (*look_at)(struct search *search, const char *name))
{
	const struct pci_address *address = &search->function->address;

	for (size_t i = class_links_first(links, address);
		i < links->pass_count &&
		pci_address_compare(&links->passes[i].address, address) == 0;
		i++) {
		int r = look_at(search, links->entries[links->passes[i].entry].name);

		if (r != 0)
			return r;
	}
	if (links->error == 0)
		return 0;
	return unread(search, links->unread[0] ? links->unread : class, links->error);
}

static int read_links(struct device_uses *uses)
{
	int r = block_uses_read(uses->root, &uses->block);

	if (r == 0)
		r = class_links_read(uses->root, NET_DIR, "", NULL, &uses->interfaces);
	if (r == 0)
		r = class_links_read(uses->root, SOUND_DIR, CARD, NULL, &uses->cards);
	return r;
}

struct device_uses device_uses_of(int root)
{
	return (struct device_uses){.root = root};
}

void device_uses_clear(struct device_uses *uses)
{
	block_uses_clear(&uses->block);
	class_links_clear(&uses->interfaces);
	class_links_clear(&uses->cards);
	uses->were_read = false;
}

void device_uses_find(struct device_uses *uses, struct pci_function *function)
{
	struct search search = {.root = uses->root, .function = function};

	if (!uses->were_read && read_links(uses) < 0) {
		device_uses_clear(uses);
		(void)unread(&search, "what hangs on it", -ENOMEM);
		return;
	}
	uses->were_read = true;
	function->use = block_uses_find(
		&uses->block, function, function->use_text, sizeof(function->use_text));
	if (function->use != USE_IDLE)
		return;
	if (look_below(&search, &uses->interfaces, NET_DIR, look_at_interface) == 0)
		(void)look_below(&search, &uses->cards, SOUND_DIR, look_at_card);
}
