/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_start.h"

#include "core/cmdline.h"

#include <string.h>

#define SCRIPT "/scripts/init-top/00-vfio-early"
#define UDEV   "/scripts/init-top/udev"

/* initramfs-tools: the scripts in the order in which they run (ORDER of mkinitramfs). */
static enum image_start order_of_scripts(const struct image_contents *contents)
{
	const struct image_file *order =
		image_contents_find(contents, "", "scripts/init-top/ORDER");
	const char *ours = order && order->bytes ? strstr(order->bytes, SCRIPT) : NULL;
	const char *udev = order && order->bytes ? strstr(order->bytes, UDEV) : NULL;

	if (!ours)
		return START_NEVER;
	return udev && udev < ours ? START_LATE : START_IN_TIME;
}

/* The word in a list of words; NULL without. */
static const char *find_word(const char *list, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	for (size_t at = 0; at + word_length <= length; at++) {
		bool begins = at == 0 || strchr(" \"'", list[at - 1]);
		bool ends = at + word_length == length ||
			    strchr(" \"'", list[at + word_length]);

		if (begins && ends && memcmp(list + at, word, word_length) == 0)
			return list + at;
	}
	return NULL;
}

/* mkinitcpio's busybox images: EARLYHOOKS="vfio-early udev" in /config. */
static enum image_start order_of_hooks(const struct image_contents *contents)
{
	static const char key[] = "EARLYHOOKS=";
	const struct image_file *config = image_contents_find(contents, "", "config");
	const char *list = config && config->bytes ? strstr(config->bytes, key) : NULL;
	const char *ours, *udev;
	size_t length;

	if (!list)
		return START_NEVER;
	list += strlen(key);
	length = strcspn(list, "\n");
	ours = find_word(list, length, "vfio-early");
	udev = find_word(list, length, "udev");
	if (!ours)
		return START_NEVER;
	return udev && udev < ours ? START_LATE : START_IN_TIME;
}

static enum image_start of_adapter(
	const struct image_contents *contents, const char **ret_how)
{
	if (image_contents_find(contents, "", &SCRIPT[1])) {
		*ret_how = "scripts/init-top";
		return order_of_scripts(contents);
	}
	if (contents->has_systemd &&
		image_contents_find_end(contents, "system/vfio-early.service") &&
		image_contents_find_end(
			contents, "sysinit.target.wants/vfio-early.service")) {
		*ret_how = "vfio-early.service";
		return START_IN_TIME;
	}
	if (image_contents_find_end(contents, "hooks/cmdline/00-vfio-early.sh")) {
		*ret_how = "hooks/cmdline";
		return START_IN_TIME;
	}
	if (image_contents_find(contents, "", "hooks/vfio-early")) {
		*ret_how = "EARLYHOOKS";
		return order_of_hooks(contents);
	}
	return START_NEVER;
}

enum image_start image_start_find(const struct image_contents *contents, bool rdinit,
	const char **ret_folder, const char **ret_how)
{
	bool standalone = image_contents_find(contents, STANDALONE_FOLDER, "init");
	enum image_start start;

	*ret_folder = "";
	*ret_how = "";
	if (standalone && rdinit) {
		*ret_folder = STANDALONE_FOLDER;
		*ret_how = "rdinit=/vfio-early/init";
		return START_IN_TIME;
	}
	start = of_adapter(contents, ret_how);
	if (start == START_NEVER && standalone) {
		*ret_folder = STANDALONE_FOLDER;
		return START_STANDALONE_WITHOUT_WORD;
	}
	return start;
}

bool image_start_is_standalone(const char *cmdline)
{
	size_t length;
	const char *value = cmdline_value(cmdline, strlen(cmdline), "rdinit", &length);

	return value && length == strlen(STANDALONE_INIT) &&
	       memcmp(value, STANDALONE_INIT, length) == 0;
}
