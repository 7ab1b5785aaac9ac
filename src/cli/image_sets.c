/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_sets.h"

#include "boot_loader.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES      512
#define ENTRY_BYTES_MAX 65536

struct search {
	int root;
	struct image_sets *sets;
	const char *base;   /* of boot_folders */
	const char *token;  /* TOKEN of TOKEN/VERSION */
	const char *folder; /* below the root, of what is being looked at */
	struct image_set *set;
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t length = strlen(text), end = strlen(with);

	return length > end && strcmp(text + length - end, with) == 0;
}

/* Links name the same image once more. */
static bool is_file(int root, const char *path)
{
	struct stat status;

	return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && status.st_size > 0;
}

static bool is_known(const struct image_sets *sets, const char *path)
{
	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = 0; j < sets->items[i].count; j++)
			if (strcmp(sets->items[i].files[j], path) == 0)
				return true;
	return false;
}

static int add_file(struct image_set *set, const char *path)
{
	size_t at = set->count;
	char *copy;

	if (set->count == IMAGE_SET_FILES_MAX)
		return 0;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	for (; at > 0 && strcmp(set->files[at - 1], copy) > 0; at--)
		set->files[at] = set->files[at - 1];
	set->files[at] = copy;
	set->count++;
	set->is_spare |= strstr(path, "rescue") || strstr(path, "fallback");
	return 0;
}

/* NULL where there are too many: what is over the limit is not looked at. */
static struct image_set *new_set(struct image_sets *sets, const char *version)
{
	struct image_set *set;

	if (sets->count == IMAGE_SETS_MAX)
		return NULL;
	set = &sets->items[sets->count++];
	*set = (struct image_set){0};
	snprintf(set->version, sizeof(set->version), "%s", version);
	return set;
}

static int add_set(struct search *search, const char *path, const char *version)
{
	struct image_set *set;

	if (!is_file(search->root, path) || is_known(search->sets, path))
		return 0;
	set = new_set(search->sets, version);
	return set ? add_file(set, path) : 0;
}

/* The images of generators that write into the folder itself. */
static int visit_base(void *context, int dir, const char *name)
{
	static const char *const fronts[] = {
		"initrd.img-", "initramfs-", "initrd-", "booster-"};
	struct search *search = context;
	char path[PATH_BYTES], version[128] = "";

	(void)dir;
	if (strstr(name, "kdump") || ends(name, ".old") || ends(name, ".bak") ||
		strstr(name, ".old-dkms") || strstr(name, ".dpkg-"))
		return 0;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		if (!begins(name, fronts[i]))
			continue;
		snprintf(version, sizeof(version), "%s", name + strlen(fronts[i]));
		if (ends(version, ".img"))
			version[strlen(version) - strlen(".img")] = '\0';
		snprintf(path, sizeof(path), "%s/%s", search->base, name);
		return add_set(search, path, version);
	}
	return 0;
}

static int visit_staged(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[PATH_BYTES];

	(void)dir;
	if (!begins(name, "initrd") && !begins(name, "initramfs"))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", search->folder, name);
	if (!is_file(search->root, path) || is_known(search->sets, path))
		return 0;
	if (!search->set)
		search->set = new_set(search->sets, strrchr(search->folder, '/') + 1);
	return search->set ? add_file(search->set, path) : 0;
}

static int visit_version(void *context, int dir, const char *name)
{
	struct search *search = context;
	char folder[PATH_BYTES];
	int r;

	(void)dir;
	snprintf(folder, sizeof(folder), "%s/%s/%s", search->base, search->token, name);
	search->folder = folder;
	search->set = NULL;
	r = dir_for_each(search->root, folder, visit_staged, search);
	search->folder = NULL;
	return r == -ENOMEM ? r : 0;
}

static int visit_token(void *context, int dir, const char *name)
{
	struct search *search = context;
	char folder[PATH_BYTES];
	int r;

	(void)dir;
	snprintf(folder, sizeof(folder), "%s/%s", search->base, name);
	search->token = name;
	r = dir_for_each(search->root, folder, visit_version, search);
	return r == -ENOMEM ? r : 0;
}

static int visit_addon(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[PATH_BYTES];

	(void)dir;
	if (!ends(name, ".addon.efi"))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", search->folder, name);
	return is_file(search->root, path) ? add_file(search->set, path) : 0;
}

static int visit_uki(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[PATH_BYTES], folder[PATH_BYTES];
	size_t before = search->sets->count;
	int r;

	(void)dir;
	if (!ends(name, ".efi"))
		return 0;
	snprintf(path, sizeof(path), "%s/EFI/Linux/%s", search->base, name);
	r = add_set(search, path, "");
	if (r < 0 || search->sets->count == before)
		return r;
	search->set = &search->sets->items[before];
	search->set->is_uki = true;
	snprintf(folder, sizeof(folder), "%s/EFI/Linux/%s.extra.d", search->base, name);
	search->folder = folder;
	r = dir_for_each(search->root, folder, visit_addon, search);
	search->folder = NULL;
	return r == -ENOMEM ? r : 0;
}

/* A line of an entry: a key, blanks, a path from the root of its partition. */
static int add_line(struct search *search, char *line, struct image_set **set)
{
	char path[PATH_BYTES];
	size_t length = strcspn(line, " \t");
	const char *name = line + length + strspn(line + length, " \t/");

	if (length != strlen("initrd") || !begins(line, "initrd"))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", search->base, name);
	if (!is_file(search->root, path) || (!*set && is_known(search->sets, path)))
		return 0;
	if (!*set)
		*set = new_set(search->sets, "");
	return *set ? add_file(*set, path) : 0;
}

static int visit_entry(void *context, int dir, const char *name)
{
	struct search *search = context;
	cleanup_free char *text = NULL;
	struct image_set *set = NULL;
	size_t length;
	int r = 0;

	if (!ends(name, ".conf") ||
		proc_read(dir, name, ENTRY_BYTES_MAX, &text, &length) < 0)
		return 0;
	for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = add_line(search, line, &set);
	return r;
}

static int find_below(struct search *search)
{
	static const struct {
		const char *folder;
		int (*visit)(void *context, int dir, const char *name);
	} places[] = {
		{"", visit_base},
		{"", visit_token},
		{"/EFI/Linux", visit_uki},
		{"/loader/entries", visit_entry},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[PATH_BYTES];
		int r;

		snprintf(path, sizeof(path), "%s%s", search->base, places[i].folder);
		r = dir_for_each(search->root, path, places[i].visit, search);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct image_set *one = a, *other = b;

	return strcmp(one->files[0], other->files[0]);
}

int image_sets_find(int root, struct image_sets *sets)
{
	struct search search = {.root = root, .sets = sets};
	int r = 0;

	sets->count = 0;
	for (size_t i = 0; r == 0 && boot_folders[i]; i++) {
		search.base = boot_folders[i];
		r = find_below(&search);
	}
	if (r == 0 && sets->count > 0)
		qsort(sets->items, sets->count, sizeof(sets->items[0]), by_path);
	return r;
}

void image_sets_clear(struct image_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = 0; j < sets->items[i].count; j++)
			free(sets->items[i].files[j]);
	sets->count = 0;
}
