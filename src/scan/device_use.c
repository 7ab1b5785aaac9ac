/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_use.h"

#include "block_facts.h"
#include "core/number.h"
#include "sysfs_read.h"

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

static bool is_below(const struct search *search, int dir, const char *name)
{
	char link[SYSFS_TEXT_MAX];

	return sysfs_read_link(dir, name, link, sizeof(link)) > 0 &&
	       sysfs_link_is_below(link, &search->function->address);
}

static int busy(
	struct search *search, const char *what, const char *name, const char *how)
{
	search->function->use = USE_BUSY;
	snprintf(search->function->use_text, sizeof(search->function->use_text),
		"%s %.32s %s", what, name, how);
	return 1;
}

static int visit_interface(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[SYSFS_TEXT_MAX], text[NAME_SHOWN_MAX];
	uint64_t flags;
	int length;

	if (!is_below(search, dir, name))
		return 0;
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

	if (sysfs_read_link(dir, name, link, sizeof(link)) < 0 ||
		strncmp(link, SND_DEV, strlen(SND_DEV)) != 0)
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
	int r;

	if (name[0] < '0' || name[0] > '9')
		return 0;
	snprintf(search->process, sizeof(search->process), "%.31s", name);
	snprintf(path, sizeof(path), "%s/fd", name);
	r = dir_for_each(dir, path, visit_descriptor, search);
	return r > 0 ? r : 0;
}

static int visit_card(void *context, int dir, const char *name)
{
	struct search *search = context;
	uint64_t number;
	int r;

	if (strncmp(name, CARD, strlen(CARD)) != 0 ||
		number_parse(name + strlen(CARD), strlen(name) - strlen(CARD), 10, 1024,
			&number) < 0 ||
		!is_below(search, dir, name))
		return 0;
	search->card = (unsigned)number;
	r = dir_for_each(search->root, "proc", visit_process, search);
	return r > 0 ? r : 0;
}

void device_use_find(int root, struct pci_function *function)
{
	struct search search = {.root = root, .function = function};

	function->use = block_facts_use(
		root, function, function->use_text, sizeof(function->use_text));
	if (function->use != USE_IDLE)
		return;
	if (dir_for_each(root, NET_DIR, visit_interface, &search) > 0)
		return;
	(void)dir_for_each(root, SOUND_DIR, visit_card, &search);
}
