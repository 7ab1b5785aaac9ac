/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block_facts.h"

#include "cleanup.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_DIR      "sys/class/block"
#define SUBSYSTEM_DIR  "sys/class/nvme-subsystem"
#define BTRFS_DIR      "sys/fs/btrfs"
#define PROC_BYTES_MAX 1048576
#define NAME_BYTES     64

struct block_search {
	int root;
	const struct pci_function *function;
	char *mountinfo;
	char *swaps;
	bool here; /* the device being looked at is behind the function */
	enum use use;
	char *words;
	size_t size;
};

bool sysfs_link_is_below(const char *link, const struct pci_address *address)
{
	char text[PCI_ADDRESS_TEXT_MAX], part[PCI_ADDRESS_TEXT_MAX + 2];

	pci_address_format(address, text);
	snprintf(part, sizeof(part), "/%s/", text);
	return strstr(link, part) != NULL;
}

static int visit_controller(void *context, int dir, const char *name)
{
	struct block_search *search = context;
	char link[SYSFS_TEXT_MAX];

	if (sysfs_read_link(dir, name, link, sizeof(link)) > 0 &&
		sysfs_link_is_below(link, &search->function->address))
		search->here = true;
	return 0;
}

/*
 * Whether a block device hangs on the function. With NVMe multipath the device itself is
 * below a virtual nvme-subsystem, whose directory links to its controllers
 * (drivers/nvme/host/multipath.c).
 */
static bool is_here(struct block_search *search, const char *link)
{
	static const char virtual_part[] = "/nvme-subsystem/";
	const char *subsystem = strstr(link, virtual_part);
	char path[SYSFS_TEXT_MAX];

	search->here = sysfs_link_is_below(link, &search->function->address);
	if (search->here || !subsystem)
		return search->here;
	subsystem += strlen(virtual_part);
	snprintf(path, sizeof(path), SUBSYSTEM_DIR "/%.*s", (int)strcspn(subsystem, "/"),
		subsystem);
	(void)dir_for_each(search->root, path, visit_controller, search);
	return search->here;
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
	return search->mountinfo && strstr(search->mountinfo, field);
}

static bool is_swap(const struct block_search *search, const char *name)
{
	char line[NAME_BYTES + 16];

	snprintf(line, sizeof(line), "/dev/%.63s ", name);
	return search->swaps && strstr(search->swaps, line);
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
	return dir_for_each(search->root, BTRFS_DIR, visit_btrfs, device) > 0;
}

/* Whoever uses a block device claims it: file systems, ZFS, md, dm (blkdev_get_by_dev()
 * with FMODE_EXCL). */
static bool is_claimed(const struct block_search *search, const char *name)
{
	char path[NAME_BYTES + 8];
	int fd;

	snprintf(path, sizeof(path), "dev/%.63s", name);
	fd = openat(search->root, path,
		O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

static int visit_block(void *context, int dir, const char *name)
{
	struct block_search *search = context;
	char link[SYSFS_TEXT_MAX];

	if (sysfs_read_link(dir, name, link, sizeof(link)) < 0)
		return found(search, USE_UNKNOWN, name, "could not be looked at");
	if (!is_here(search, link) || is_hidden(dir, name))
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

enum use block_facts_use(
	int root, const struct pci_function *function, char *words, size_t size)
{
	cleanup_free char *mountinfo = NULL, *swaps = NULL;
	struct block_search search = {.root = root,
		.function = function,
		.use = USE_IDLE,
		.words = words,
		.size = size};
	size_t length;
	int r;

	if (proc_read(root, "proc/self/mountinfo", PROC_BYTES_MAX, &mountinfo, &length) <
		0) {
		snprintf(words, size, "what is mounted could not be read");
		return USE_UNKNOWN;
	}
	(void)proc_read(root, "proc/swaps", PROC_BYTES_MAX, &swaps, &length);
	search.mountinfo = mountinfo;
	search.swaps = swaps;
	r = dir_for_each(root, BLOCK_DIR, visit_block, &search);
	if (r < 0 && r != -ENOENT) {
		snprintf(words, size, "the block devices could not be listed");
		return USE_UNKNOWN;
	}
	return search.use;
}
