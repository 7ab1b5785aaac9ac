/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_use.h"

#include "block_facts.h"
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

/* Sets *ret_below; returns nonzero where that cannot be found out. */
static int look_below(struct search *search, int dir, const char *name, bool *ret_below)
{
	char link[SYSFS_TEXT_MAX];
	int r = sysfs_read_link(dir, name, link, sizeof(link));

	*ret_below = r > 0 && sysfs_link_is_below(link, &search->function->address);
	return r < 0 ? unread(search, name, r) : 0;
}

/* The same as dir_for_each(), but a folder that cannot be read ends the search. */
static int for_each(struct search *search, int dir, const char *path,
	int (*visit)(void *context, int dir, const char *name))
{
	int r = dir_for_each(dir, path, visit, search);

	return r < 0 ? unread(search, path, r) : r;
}

static int visit_interface(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[SYSFS_TEXT_MAX], text[NAME_SHOWN_MAX];
	uint64_t flags;
	int length, r;
	bool below;

	r = look_below(search, dir, name, &below);
	if (r != 0 || !below)
		return r;
	snprintf(path, sizeof(path), "%s/flags", name);
	length = sysfs_read_text(dir, path, text, sizeof(text));
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

static int visit_card(void *context, int dir, const char *name)
{
	struct search *search = context;
	uint64_t number;
	bool below;
	int r;

	if (strncmp(name, CARD, strlen(CARD)) != 0 ||
		number_parse(name + strlen(CARD), strlen(name) - strlen(CARD), 10, 1024,
			&number) < 0)
		return 0;
	r = look_below(search, dir, name, &below);
	if (r != 0 || !below)
		return r;
	search->card = (unsigned)number;
	return for_each(search, search->root, "proc", visit_process);
}

void device_use_find(int root, struct pci_function *function)
{
	struct search search = {.root = root, .function = function};

	function->use = block_facts_use(
		root, function, function->use_text, sizeof(function->use_text));
	if (function->use != USE_IDLE)
		return;
	if (for_each(&search, root, NET_DIR, visit_interface) == 0)
		(void)for_each(&search, root, SOUND_DIR, visit_card);
}
