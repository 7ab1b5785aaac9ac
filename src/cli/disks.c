/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disks.h"

#include "core/mount_lines.h"
#include "core/quote.h"
#include "scan/block_walk.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOUNTINFO_BYTES_MAX 1048576
#define DISK_WORDS_MAX      360
#define POINTS_SHOWN_MAX    6

/* One disk, with the block devices above it that are looked for. */
struct disk {
	const struct block_list *blocks;
	const struct block_device *device;
	const char *mountinfo;
	char link[SYSFS_TEXT_MAX];
	bool is_below; /* the device that is walked down stands on this one */
	unsigned points;
	char words[DISK_WORDS_MAX];
	size_t used;
};

static void pass_device(void *context, const struct block_device *device)
{
	struct disk *disk = context;

	size_t length = strlen(disk->device->link);

	/* The disk itself or one of its partitions. */
	if (strncmp(device->link, disk->device->link, length) == 0 &&
		(device->link[length] == '/' || device->link[length] == '\0'))
		disk->is_below = true;
}

static void pass_nothing(void *context, enum block_ground ground, const char *link)
{
	(void)context;
	(void)ground;
	(void)link;
}

static void keep_link(void *context, enum block_ground ground, const char *link)
{
	struct disk *disk = context;

	if (ground == GROUND_PCI && !disk->link[0])
		snprintf(disk->link, sizeof(disk->link), "%s", link);
}

static void pass_no_device(void *context, const struct block_device *device)
{
	(void)context;
	(void)device;
}

static void pass_file(void *context, const char *path)
{
	(void)context;
	(void)path;
}

static void append(struct disk *disk, const char *text)
{
	size_t length = strlen(text);

	if (disk->used + length >= sizeof(disk->words))
		return;
	memcpy(disk->words + disk->used, text, length + 1);
	disk->used += length;
}

static bool stands_on(struct disk *disk, const struct block_device *device)
{
	const struct block_walker walker = {.context = disk,
		.device = pass_device,
		.ground = pass_nothing,
		.file = pass_file};

	disk->is_below = false;
	block_walk(disk->blocks, device, &walker);
	return disk->is_below;
}

static const struct block_device *mounted_device(
	const struct disk *disk, const struct mount *mount)
{
	static const char dev[] = "/dev/";
	const char *name = mount->source + strlen(dev);

	if (mount->major != 0)
		return block_by_number(disk->blocks, mount->major, mount->minor);
	if (strncmp(mount->source, dev, strlen(dev)) != 0)
		return NULL;
	for (size_t i = 0; i < disk->blocks->count; i++)
		if (strcmp(disk->blocks->items[i].node, name) == 0)
			return &disk->blocks->items[i];
	return block_by_name(disk->blocks, name);
}

static void add_points(struct disk *disk)
{
	struct span rest = {disk->mountinfo, strlen(disk->mountinfo)};
	struct mount mount;

	while (mountinfo_next(&rest, &mount)) {
		const struct block_device *device = mounted_device(disk, &mount);
		char point[MOUNT_FIELD_MAX], text[MOUNT_FIELD_MAX + 64];

		if (!device || !stands_on(disk, device))
			continue;
		disk->points++;
		if (disk->points > POINTS_SHOWN_MAX)
			continue;
		escape_controls(mount.point, point, sizeof(point));
		snprintf(text, sizeof(text), "%s %.80s %.16s",
			disk->points > 1 ? "," : ":", point, mount.type);
		append(disk, text);
	}
	if (disk->points > POINTS_SHOWN_MAX)
		append(disk, ", and more");
}

/* Not a partition, not a layer, and on a controller. */
static bool is_disk(struct disk *disk)
{
	const struct block_walker walker = {.context = disk,
		.device = pass_no_device,
		.ground = keep_link,
		.file = pass_file};
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "sys/class/block/%s/partition", disk->device->name);
	if (faccessat(disk->blocks->root, path, F_OK, 0) == 0 ||
		strstr(disk->device->link, "/virtual/block/"))
		return false;
	block_walk(disk->blocks, disk->device, &walker);
	return disk->link[0] != '\0';
}

int disks_describe(int root,
	void (*note)(void *context, const char *link, const char *words), void *context)
{
	cleanup_free char *mountinfo = NULL;
	struct block_list blocks;
	size_t length;
	int r = block_list_read(root, NULL, &blocks);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (proc_read(root, "proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &mountinfo,
		    &length) < 0)
		mountinfo = NULL;
	for (size_t i = 0; i < blocks.count; i++) {
		struct disk disk = {.blocks = &blocks,
			.device = &blocks.items[i],
			.mountinfo = mountinfo ? mountinfo : ""};

		if (!is_disk(&disk))
			continue;
		append(&disk, "disk ");
		append(&disk, disk.device->name);
		add_points(&disk);
		note(context, disk.link, disk.words);
	}
	block_list_clear(&blocks);
	return 0;
}
