/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boot entries that start the stand-alone archive: with one that does not have it the
 * kernel panics, whatever the configuration says. And what the next kernel's entry will
 * be like.
 */
#include "boot_entries.h"
#include "boot_loader.h"
#include "check_parts.h"
#include "config_lines.h"
#include "core/cmdline.h"
#include "image_contents.h"
#include "image_start.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOPIC      "entry"
#define PLUGINS    "kernel/install.d"
#define PATH_BYTES 512
#define PANICS     "the kernel panics, since it does not go on without what rdinit= names"

struct entries_check {
	struct check *check;
	char grub[PATH_BYTES]; /* the grub.cfg of which something was said, or "" */
};

static bool has_archive(const struct image_contents *contents)
{
	return image_contents_find(contents, STANDALONE_FOLDER, "init");
}

/* Returns whether one of the files has it, or -errno where that is not known. An archive
 * by its name comes first: the others are large. */
static int find_archive(
	int root, const struct boot_entry *entry, char problem[BOOT_IMAGE_PROBLEM_MAX])
{
	struct image_contents contents = {0};
	int r = 0, found = 0;

	for (int by_name = 1; by_name >= 0 && r != -ENOMEM && !found; by_name--) {
		for (size_t i = 0; i < entry->count && r != -ENOMEM && !found; i++) {
			const char *path = entry->files[i];
			bool is_ours = strstr(path, "vfio-early") != NULL;
			int one = 0;

			if (is_ours == (by_name == 1))
				one = image_contents_read(root, path, &contents, problem);
			if (one < 0 && r != -ENOMEM)
				r = one;
			if (r != -ENOMEM)
				found = has_archive(&contents);
		}
	}
	image_contents_clear(&contents);
	return found && r != -ENOMEM ? 1 : r;
}

static void name_entry(struct entries_check *entries, const struct boot_entry *entry,
	enum advice_level level)
{
	char subject[PATH_BYTES + 16];

	if (entry->line > 0)
		snprintf(entries->grub, sizeof(entries->grub), "%s", entry->path);
	snprintf(subject, sizeof(subject), entry->line > 0 ? "/%s:%u" : "/%s",
		entry->path, entry->line);
	advice_add(&entries->check->advices, level, TOPIC, subject);
}

static void lacks_archive(struct entries_check *entries, const struct boot_entry *entry)
{
	struct advices *advices = &entries->check->advices;
	char fix[CHECK_TEXT_MAX / 4];

	boot_loader_fix(boot_loader_find(entries->check->root), false,
		"rdinit=" STANDALONE_INIT, fix, sizeof(fix));
	name_entry(entries, entry, ADVICE_ERROR);
	advice_what(advices, "starts the stand-alone archive (rdinit=" STANDALONE_INIT
			     "), which none of its initrds has");
	advice_why(advices, "with this entry " PANICS);
	advice_fix(advices,
		"give it the archive that vfio-early image writes as one more initrd, or "
		"switch it off in all entries; %s",
		fix);
}

/* Of a grub.cfg one entry is enough: all have the same words, and many are there twice.
 */
static int visit(void *context, const struct boot_entry *entry)
{
	struct entries_check *entries = context;
	struct advices *advices = &entries->check->advices;
	char problem[BOOT_IMAGE_PROBLEM_MAX] = "";
	int r;

	if (!image_start_is_standalone(entry->cmdline) ||
		(entry->line > 0 && strcmp(entries->grub, entry->path) == 0))
		return 0;
	r = find_archive(entries->check->root, entry, problem);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (r == 0 && entry->is_cut)) {
		name_entry(entries, entry, ADVICE_WARNING);
		advice_what(advices,
			"starts the stand-alone archive, and an initrd of it cannot be "
			"read: %s",
			problem[0] ? problem
			: r == 0   ? "there are too many"
				   : strerror(-r));
		advice_why(advices, "whether it has the archive is not known; without it "
				    "the kernel panics");
		advice_fix(advices, r == -EACCES
					    ? "run vfio-early check as root"
					    : "make that initrd anew, or take it out "
					      "of the entry");
	} else if (r == 0) {
		lacks_archive(entries, entry);
	}
	return 0;
}

static bool is_there(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

/* Whether kernel-install runs a plugin of this name: a link to /dev/null masks it. */
static bool has_plugin(int root, const char *name)
{
	static const char *const folders[] = {"etc", "run", "usr/local/lib", "usr/lib"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[PATH_BYTES];
		struct stat status;

		snprintf(path, sizeof(path), "%s/" PLUGINS "/%s", folders[i], name);
		if (fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		return fstatat(root, path, &status, 0) == 0 && S_ISREG(status.st_mode) &&
		       status.st_size > 0;
	}
	return false;
}

struct layout {
	bool is_set;
	bool is_systemds; /* with which systemd's plugins write the entry */
	bool is_grubs;    /* as in Gentoo, with other words */
};

static void read_layout(
	void *context, const char *path, unsigned number, const char *line)
{
	struct layout *layout = context;
	size_t length = strlen("layout=");

	(void)path;
	(void)number;
	if (strncmp(line, "layout=", length) != 0)
		return;
	line += length;
	layout->is_set = *line && strcmp(line, "auto") != 0;
	layout->is_systemds = strcmp(line, "bls") == 0 || strcmp(line, "uki") == 0;
	layout->is_grubs = strcmp(line, "grub") == 0 || strcmp(line, "compat") == 0;
}

/* What kernel-install finds out by itself where install.conf has no layout. */
static bool is_systemds_place(int root)
{
	char id[64], text[64], path[PATH_BYTES];

	if (sysfs_read_text(root, "etc/machine-id", id, sizeof(id)) < 0)
		id[0] = '\0';
	for (size_t i = 0; boot_folders[i]; i++) {
		snprintf(path, sizeof(path), "%s/loader/entries.srel", boot_folders[i]);
		if (sysfs_read_text(root, path, text, sizeof(text)) >= 0) {
			if (strcmp(text, "type1") == 0)
				return true;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", boot_folders[i], id);
		if (id[0] && is_there(root, path))
			return true;
	}
	return false;
}

/* Who writes the entry, and without the archive. */
struct writer {
	const char *name;  /* NULL if nobody is known to */
	bool asks_plugins; /* of kernel-install, ours among them, which refuses it */
};

static struct writer find_writer(int root)
{
	struct layout layout = {0};

	config_lines_of_file(root, "etc/kernel/install.conf", read_layout, &layout);
	if (is_there(root, "etc/kernel/proxmox-boot-uuids"))
		return (struct writer){"proxmox-boot-tool", false};
	if (is_there(root, "usr/bin/sdbootutil"))
		return (struct writer){"sdbootutil", false};
	if (layout.is_systemds || (!layout.is_set && is_systemds_place(root)))
		return (struct writer){0};
	if (has_plugin(root, "20-grub.install"))
		return (struct writer){"GRUB's plugin 20-grub.install", true};
	if (layout.is_set && !layout.is_grubs)
		return (struct writer){
			"by its layout another program than systemd's", true};
	return (struct writer){0};
}

/* Returns false where there is no file with words for kernel-install. */
static bool read_words(int root, char subject[CONFIG_LINE_PATH_MAX], char **ret_words)
{
	static const char *const files[] = {
		"etc/kernel/cmdline", "usr/lib/kernel/cmdline", NULL};
	size_t length, i = 0;

	while (files[i] && !is_there(root, files[i]))
		i++;
	if (!files[i] ||
		proc_read(root, files[i], CMDLINE_BYTES_MAX, ret_words, &length) < 0)
		return false;
	snprintf(subject, CONFIG_LINE_PATH_MAX, "/%s", files[i]);
	return true;
}

/* What the entry of the next kernel has, which is written with these words. */
static void check_next(struct check *check)
{
	struct advices *advices = &check->advices;
	cleanup_free char *words = NULL;
	char subject[CONFIG_LINE_PATH_MAX];
	struct writer writer;
	bool has_ours = has_plugin(check->root, "55-vfio-early.install");

	if (!is_there(check->root, "usr/bin/kernel-install") ||
		!read_words(check->root, subject, &words) ||
		!image_start_is_standalone(words))
		return;
	writer = find_writer(check->root);
	if (!writer.name && has_ours)
		return;
	advice_add(advices, ADVICE_ERROR, TOPIC, subject);
	if (writer.name)
		advice_what(advices,
			"has rdinit=" STANDALONE_INIT
			", and %s writes the boot entries, without the archive",
			writer.name);
	else
		advice_what(advices, "has rdinit=" STANDALONE_INIT
				     ", and the plugin that puts the archive into boot "
				     "entries is not installed");
	if (writer.asks_plugins && has_plugin(check->root, "10-vfio-early.install"))
		advice_why(advices,
			"no new kernel gets an entry, for with such a one " PANICS);
	else
		advice_why(advices, "with the entry of the next kernel " PANICS);
	advice_fix(advices, "take it out of there, and have an adapter put vfio-early "
			    "into the initramfs");
}

void check_entries(struct check *check)
{
	struct entries_check entries = {.check = check};

	if (boot_entries_for_each(check->root, visit, &entries) == -ENOMEM)
		check->advices.incomplete = true;
	check_next(check);
}
