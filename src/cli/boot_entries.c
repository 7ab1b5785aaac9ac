/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_entries.h"

#include "boot_loader.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES      512
#define ENTRY_BYTES_MAX 65536
#define GRUB_BYTES_MAX  4194304
#define BLANKS          " \t\r"

struct search {
	int root;
	const char *base; /* of boot_folders, from which paths in entries count */
	int (*visit)(void *context, const struct boot_entry *entry);
	void *context;
	struct boot_entry entry;
	char *cmdline; /* of the entry */
};

static bool is_one_of(const char *word, const char *const list[])
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static void clear_entry(struct search *search)
{
	for (size_t i = 0; i < search->entry.count; i++)
		free(search->entry.files[i]);
	free(search->cmdline);
	search->cmdline = NULL;
	search->entry = (struct boot_entry){0};
}

static int hand_over(struct search *search)
{
	search->entry.cmdline = search->cmdline ? search->cmdline : "";
	return search->visit(search->context, &search->entry);
}

static int keep(struct search *search, const char *path)
{
	struct boot_entry *entry = &search->entry;

	if (entry->count == BOOT_ENTRY_FILES_MAX) {
		entry->is_cut = true;
		return 0;
	}
	entry->files[entry->count] = strdup(path);
	if (!entry->files[entry->count])
		return -ENOMEM;
	entry->count++;
	return 0;
}

/*
 * A path counts from the root of the partition, whose folder here may be deeper or less
 * deep: GRUB's names subvolumes and /boot where that is no partition.
 */
static int add_file(struct search *search, const char *name)
{
	while (name) {
		char path[PATH_BYTES];
		struct stat status;

		name += strspn(name, "/");
		snprintf(path, sizeof(path), "%s/%s", search->base, name);
		if (*name && fstatat(search->root, path, &status, 0) == 0 &&
			S_ISREG(status.st_mode))
			return keep(search, path);
		name = strchr(name, '/');
	}
	return 0;
}

static int add_files(struct search *search, char *names)
{
	int r = 0;

	while (r == 0 && names) {
		char *name = strsep(&names, BLANKS);

		if (*name)
			r = add_file(search, name);
	}
	return r;
}

static int add_words(struct search *search, const char *words)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", search->cmdline ? search->cmdline : "",
		    search->cmdline ? " " : "", words) < 0)
		return -ENOMEM;
	free(search->cmdline);
	search->cmdline = joined;
	return 0;
}

/* Divides a line in place: returns its first word, and what follows it. */
static const char *take_key(char *line, char **ret_rest)
{
	char *key = line + strspn(line, BLANKS), *end = key + strcspn(key, BLANKS);

	*ret_rest = end + strspn(end, BLANKS);
	if (*end)
		*end = '\0';
	return key;
}

static int read_line(struct search *search, char *line)
{
	static const char *const files[] = {"initrd", "efi", "uki", NULL};
	char *rest;
	const char *key = take_key(line, &rest);

	if (strcmp(key, "options") == 0)
		return add_words(search, rest);
	return is_one_of(key, files) ? add_files(search, rest) : 0;
}

static int visit_entry(void *context, int dir, const char *name)
{
	struct search *search = context;
	cleanup_free char *text = NULL;
	size_t length = strlen(name), end = strlen(".conf");
	char path[PATH_BYTES];
	int r = 0;

	if (length <= end || strcmp(name + length - end, ".conf") != 0 ||
		proc_read(dir, name, ENTRY_BYTES_MAX, &text, &length) < 0)
		return 0;
	snprintf(path, sizeof(path), "%s/loader/entries/%s", search->base, name);
	search->entry.path = path;
	for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = read_line(search, line);
	if (r == 0)
		r = hand_over(search);
	clear_entry(search);
	return r;
}

static int end_of_menu_entry(struct search *search)
{
	int r = search->entry.line > 0 ? hand_over(search) : 0;

	clear_entry(search);
	return r;
}

/* A menu entry ends with its brace, or where the next one has its kernel. */
static int read_grub_line(
	struct search *search, const char *path, unsigned number, char *line)
{
	static const char *const kernels[] = {"linux", "linux16", "linuxefi", NULL};
	static const char *const initrds[] = {"initrd", "initrd16", "initrdefi", NULL};
	char *rest;
	const char *key = take_key(line, &rest);
	int r;

	if (is_one_of(key, initrds) && search->entry.line > 0)
		return add_files(search, rest);
	if (key[0] == '}')
		return end_of_menu_entry(search);
	if (!is_one_of(key, kernels))
		return 0;
	r = end_of_menu_entry(search);
	if (r != 0)
		return r;
	search->entry.path = path;
	search->entry.line = number;
	return add_words(search, rest + strcspn(rest, BLANKS));
}

static int read_grub(struct search *search, const char *path)
{
	cleanup_free char *text = NULL;
	unsigned number = 0;
	size_t length;
	int r = proc_read(search->root, path, GRUB_BYTES_MAX, &text, &length);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = read_grub_line(search, path, ++number, line);
	if (r == 0)
		r = end_of_menu_entry(search);
	clear_entry(search);
	return r;
}

int boot_entries_for_each(int root,
	int (*visit)(void *context, const struct boot_entry *entry), void *context)
{
	static const char *const grub[] = {
		"boot/grub/grub.cfg", "boot/grub2/grub.cfg", NULL};
	struct search search = {.root = root, .visit = visit, .context = context};
	int r = 0;

	for (size_t i = 0; r == 0 && boot_folders[i]; i++) {
		char path[PATH_BYTES];

		search.base = boot_folders[i];
		snprintf(path, sizeof(path), "%s/loader/entries", search.base);
		r = dir_for_each(root, path, visit_entry, &search);
		if (r < 0 && r != -ENOMEM)
			r = 0;
	}
	search.base = "boot";
	for (size_t i = 0; r == 0 && grub[i]; i++)
		r = read_grub(&search, grub[i]);
	return r;
}
