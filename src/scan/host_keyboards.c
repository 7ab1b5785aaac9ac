/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/number.h"
#include "host_needs.h"

#include <stdio.h>
#include <string.h>

#define INPUT_DIR "sys/class/input"
#define PREFIX    "input"

/* KEY_ESC to KEY_S: udev's ID_INPUT_KEYBOARD (udev-builtin-input_id.c) asks the same, and
 * power buttons, mice and headsets fail it. */
#define LETTERS 0xfffffffeU

struct keyboards {
	const struct machine *machine;
	struct needs *needs;
};

/* Words of a bitmap, the lowest last (input_print_bitmap() in drivers/input/input.c). */
static bool has_letters(const char *keys)
{
	const char *space = strrchr(keys, ' ');
	const char *last = space ? space + 1 : keys;
	uint64_t bits;

	return number_parse(last, strlen(last), 16, UINT64_MAX, &bits) == 0 &&
	       (bits & LETTERS) == LETTERS;
}

static void name_of(int dir, const char *device, char *out, size_t size)
{
	char path[SYSFS_TEXT_MAX], name[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/name", device);
	if (sysfs_read_text(dir, path, name, sizeof(name)) <= 0)
		snprintf(name, sizeof(name), "%s", device);
	snprintf(out, size, "carries the keyboard %.80s", name);
}

static int visit(void *context, int dir, const char *name)
{
	struct keyboards *keyboards = context;
	char path[SYSFS_TEXT_MAX], keys[SYSFS_TEXT_MAX], link[SYSFS_TEXT_MAX];
	char words[NEED_WORDS_MAX];

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	snprintf(path, sizeof(path), "%s/capabilities/key", name);
	if (sysfs_read_text(dir, path, keys, sizeof(keys)) <= 0 || !has_letters(keys) ||
		sysfs_read_link(dir, name, link, sizeof(link)) <= 0)
		return 0;
	/* Made by programs, or Bluetooth: nothing to rely on at a passphrase prompt. */
	if (strstr(link, "/virtual/"))
		return 0;
	name_of(dir, name, words, sizeof(words));
	if (!host_link_needs(
		    keyboards->machine, link, NEED_KEYBOARD, words, keyboards->needs))
		needs_add(keyboards->needs, NEED_KEYBOARD, NULL, "%s", words);
	return 0;
}

void host_keyboards_read(int root, const struct machine *machine, struct needs *needs)
{
	struct keyboards keyboards = {.machine = machine, .needs = needs};

	needs->keyboards_known = dir_for_each(root, INPUT_DIR, visit, &keyboards) == 0;
}
