/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings of the image tools that keep vfio-early out of images, or put it too late. The
 * images themselves show the result; this is about the next ones.
 */
#include "check_parts.h"
#include "config_lines.h"
#include "rebuild_words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOPIC      "hook"
#define MKINITCPIO "etc/mkinitcpio.conf"
#define HOOK       "usr/lib/initcpio/install/vfio-early"

struct hooks {
	struct check *check;
	char place[CONFIG_LINE_PATH_MAX + 16]; /* of the HOOKS that counts; "" for none */
	bool has_ours;
	char before[16]; /* the hook that loads drivers and stands before ours, or "" */
};

static bool is_there(const struct check *check, const char *path)
{
	return faccessat(check->root, path, F_OK, 0) == 0;
}

/* A later HOOKS= replaces the one before; += adds to it. */
static void read_hooks(void *context, const char *path, unsigned number, const char *line)
{
	static const char *const loading[] = {"udev", "systemd"};
	struct hooks *hooks = context;
	char list[1024], *save = NULL;
	bool adds = strncmp(line, "HOOKS+=", 7) == 0;

	if (!adds && strncmp(line, "HOOKS=", 6) != 0)
		return;
	if (!adds) {
		hooks->has_ours = false;
		hooks->before[0] = '\0';
	}
	snprintf(hooks->place, sizeof(hooks->place), "/%s:%u", path, number);
	snprintf(list, sizeof(list), "%s", strchr(line, '=') + 1);
	for (char *word = strtok_r(list, " \t()\"'", &save); word;
		word = strtok_r(NULL, " \t()\"'", &save)) {
		hooks->has_ours |= strcmp(word, "vfio-early") == 0;
		for (size_t i = 0; i < sizeof(loading) / sizeof(loading[0]); i++)
			if (!hooks->has_ours && strcmp(word, loading[i]) == 0)
				snprintf(
					hooks->before, sizeof(hooks->before), "%s", word);
	}
}

static void check_mkinitcpio(struct check *check)
{
	struct advices *advices = &check->advices;
	struct hooks hooks = {.check = check};

	config_lines_of_file(check->root, MKINITCPIO, read_hooks, &hooks);
	config_lines_of_folder(check->root, MKINITCPIO ".d", ".conf", read_hooks, &hooks);
	if (!hooks.place[0] || (hooks.has_ours && strcmp(hooks.before, "udev") != 0))
		return;
	advice_add(advices, check_has_rules(check) ? ADVICE_ERROR : ADVICE_NOTE, TOPIC,
		hooks.place);
	if (!hooks.has_ours) {
		advice_what(advices, "HOOKS has no vfio-early");
		advice_why(advices, "the next image will be without it");
	} else {
		advice_what(advices, "HOOKS has vfio-early after udev");
		advice_why(advices, "udev, and with it kms and what MODULES names, loads "
				    "drivers first");
	}
	advice_fix(advices,
		"HOOKS=(base vfio-early %s ...) there, then: sudo mkinitcpio -P",
		hooks.before[0] ? hooks.before : "udev");
}

static void read_dracut(
	void *context, const char *path, unsigned number, const char *line)
{
	struct check *check = context;
	struct advices *advices = &check->advices;
	bool module = strncmp(line, "omit_dracutmodules", 18) == 0 &&
		      config_has_word(line, "vfio-early");
	bool driver = strncmp(line, "omit_drivers", 12) == 0 &&
		      (config_has_word(line, "vfio-pci") ||
			      config_has_word(line, "vfio_iommu_type1"));
	char subject[CONFIG_LINE_PATH_MAX + 16], rebuild[REBUILD_TEXT_MAX];

	if (!module && !driver)
		return;
	rebuild_words(check->root, rebuild);
	snprintf(subject, sizeof(subject), "/%s:%u", path, number);
	advice_add(advices, check_has_rules(check) ? ADVICE_ERROR : ADVICE_NOTE, TOPIC,
		subject);
	advice_what(advices, module ? "dracut is told to leave vfio-early out"
				    : "dracut is told to leave VFIO's modules out");
	advice_why(advices, "with the next image no device is taken");
	advice_fix(advices, "take it out of this line, then: %s", rebuild);
}

void check_hooks(struct check *check)
{
	if (is_there(check, MKINITCPIO) &&
		(is_there(check, "usr/bin/mkinitcpio") || is_there(check, HOOK)))
		check_mkinitcpio(check);
	config_lines_of_file(check->root, "etc/dracut.conf", read_dracut, check);
	config_lines_of_folder(
		check->root, "etc/dracut.conf.d", ".conf", read_dracut, check);
	config_lines_of_folder(
		check->root, "usr/lib/dracut/dracut.conf.d", ".conf", read_dracut, check);
}
