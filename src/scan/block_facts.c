/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block_facts.h"

#include "cleanup.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_DIR      "sys/class/block"
#define SUBSYSTEM_DIR  "sys/class/nvme-subsystem"
#define BTRFS_DIR      "sys/fs/btrfs"
#define PROC_BYTES_MAX 1048576
#define NAME_BYTES     64

/* What is asked about, and where the answer goes. */
struct block_search {
	const struct block_uses *uses;
	int dir; /* of the block devices */
	enum use use;
	char *words;
	size_t size;
};

struct subsystem {
	struct class_links *links;
};

static int visit_controller(void *context, int dir, const char *name)
{
	const struct subsystem *subsystem = context;
	char link[SYSFS_TEXT_MAX];

	return sysfs_read_link(dir, name, link, sizeof(link)) > 0
		       ? class_links_add(subsystem->links, link)
		       : 0;
}

/*
 * With NVMe multipath a device is below a virtual nvme-subsystem, whose directory links
 * to its controllers (drivers/nvme/host/multipath.c).
 */
static int add_controllers(struct class_links *links, int root, const char *link)
{
	static const char virtual_part[] = "/nvme-subsystem/";
	const char *name = strstr(link, virtual_part);
	struct subsystem subsystem = {links};
	char path[SYSFS_TEXT_MAX];
	int r;

	if (!name)
		return 0;
	name += strlen(virtual_part);
	snprintf(
		path, sizeof(path), SUBSYSTEM_DIR "/%.*s", (int)strcspn(name, "/"), name);
	r = dir_for_each(root, path, visit_controller, &subsystem);
	return r == -ENOMEM ? r : 0;
}

int block_uses_read(int root, struct block_uses *ret_uses)
{
	struct block_uses uses = {.root = root};
	size_t length;
	int r = class_links_read(root, BLOCK_DIR, "", add_controllers, &uses.links);

	if (r < 0)
		return r;
	(void)proc_read(
		root, "proc/self/mountinfo", PROC_BYTES_MAX, &uses.mountinfo, &length);
	(void)proc_read(root, "proc/swaps", PROC_BYTES_MAX, &uses.swaps, &length);
	*ret_uses = uses;
	return 0;
}

void block_uses_clear(struct block_uses *uses)
{
	class_links_clear(&uses->links);
	free(uses->mountinfo);
	free(uses->swaps);
	*uses = (struct block_uses){0};
}

static int found(
	struct block_search *search, enum use use, const char *name, const char *what)
{
	search->use = use;
	snprintf(search->words, search->size, "%.32s %s", name, what);
	return 1;
}

/* A path of NVMe multipath: a disk without a number, that nobody can open
 * (GENHD_FL_HIDDEN in include/linux/blkdev.h). What is used is the disk of its subsystem.
 */
static bool is_hidden(int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX], text[NAME_BYTES];

	snprintf(path, sizeof(path), "%s/hidden", name);
	return sysfs_read_text(dir, path, text, sizeof(text)) > 0 &&
	       strcmp(text, "1") == 0;
}

static bool is_mounted(const struct block_search *search, int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX], number[NAME_BYTES], field[NAME_BYTES + 2];

	snprintf(path, sizeof(path), "%s/dev", name);
	if (sysfs_read_text(dir, path, number, sizeof(number)) <= 0)
		return true;
	snprintf(field, sizeof(field), " %s ", number);
	return strstr(search->uses->mountinfo, field);
}

static bool is_swap(const struct block_search *search, const char *name)
{
	char line[NAME_BYTES + 16];

	snprintf(line, sizeof(line), "/dev/%.63s ", name);
	return search->uses->swaps && strstr(search->uses->swaps, line);
}

static int any_entry(void *context, int dir, const char *name)
{
	(void)context;
	(void)dir;
	(void)name;
	return 1;
}

static bool is_held(int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/holders", name);
	return dir_for_each(dir, path, any_entry, NULL) > 0;
}

static int visit_btrfs(void *context, int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/devices/%s", name, (const char *)context);
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A btrfs that is mounted: mountinfo has a number of its own for it, not the device's. */
static bool in_btrfs(const struct block_search *search, const char *name)
{
	char device[NAME_BYTES];

	snprintf(device, sizeof(device), "%s", name);
	return dir_for_each(search->uses->root, BTRFS_DIR, visit_btrfs, device) > 0;
}

/* Whoever uses a block device claims it: file systems, ZFS, md, dm (blkdev_get_by_dev()
 * with FMODE_EXCL). */
static bool is_claimed(const struct block_search *search, const char *name)
{
	char path[NAME_BYTES + 8];
	int fd;

	snprintf(path, sizeof(path), "dev/%.63s", name);
	fd = openat(search->uses->root, path,
		O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

static int look_at(struct block_search *search, const char *name)
{
	const int dir = search->dir;

	if (is_hidden(dir, name))
		return 0;
	if (is_mounted(search, dir, name))
		return found(search, USE_BUSY, name, "is mounted");
	if (is_swap(search, name))
		return found(search, USE_BUSY, name, "is in use as swap");
	if (is_held(dir, name))
		return found(search, USE_BUSY, name, "is in use by another block device");
	if (in_btrfs(search, name) || is_claimed(search, name))
		return found(search, USE_BUSY, name, "is in use");
	return 0;
}

static void look_below(struct block_search *search, const struct pci_address *address)
{
	const struct class_links *links = &search->uses->links;

	for (size_t i = class_links_first(links, address);
		i < links->pass_count &&
		pci_address_compare(&links->passes[i].address, address) == 0;
		i++)
		if (look_at(search, links->entries[links->passes[i].entry].name) != 0)
			return;
}

enum use block_uses_find(const struct block_uses *uses,
	const struct pci_function *function, char *words, size_t size)
{
	const struct class_links *links = &uses->links;
	cleanup_close int dir =
		openat(uses->root, BLOCK_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct block_search search = {
		.uses = uses, .dir = dir, .use = USE_IDLE, .words = words, .size = size};

	if (!uses->mountinfo) {
		snprintf(words, size, "what is mounted could not be read");
		return USE_UNKNOWN;
	}
	look_below(&search, &function->address);
	if (search.use != USE_IDLE || links->error == 0)
		return search.use;
	if (links->unread[0])
		snprintf(words, size, "%.32s could not be looked at", links->unread);
	else
		snprintf(words, size, "the block devices could not be listed");
	return USE_UNKNOWN;
}
