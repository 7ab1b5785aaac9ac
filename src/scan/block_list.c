/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block_list.h"

#include "cleanup.h"

#include <blkid.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_DIR   "sys/class/block"
#define OPEN_FLAGS  (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
#define FIRST_COUNT 32
/* num_devices of struct btrfs_super_block (include/uapi/linux/btrfs_tree.h). */
#define BTRFS_NUM_DEVICES (65536 + 0x88)

struct reader {
	struct block_list *list;
	const struct block_observer *observer;
	size_t capacity;
};

static int open_device(int root, const char *name)
{
	char path[BLOCK_NAME_MAX + 8];

	snprintf(path, sizeof(path), "dev/%s", name);
	for (char *at = path; *at; at++)
		if (*at == '!')
			*at = '/';
	return openat(root, path, OPEN_FLAGS);
}

static void take_value(blkid_probe probe, const char *name, char *out, size_t size)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0 &&
		strlen(value) < size)
		memcpy(out, value, strlen(value) + 1);
}

static void identify(int root, struct block_device *device)
{
	cleanup_close int fd = open_device(root, device->name);
	blkid_probe probe;

	if (fd < 0)
		return;
	probe = blkid_new_probe();
	if (!probe)
		return;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(
		probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
		blkid_do_safeprobe(probe) >= 0) {
		take_value(probe, "TYPE", device->type, sizeof(device->type));
		take_value(probe, "UUID", device->uuid, sizeof(device->uuid));
		take_value(probe, "LABEL", device->label, sizeof(device->label));
		take_value(probe, "PART_ENTRY_UUID", device->partuuid,
			sizeof(device->partuuid));
		take_value(probe, "PART_ENTRY_NAME", device->partlabel,
			sizeof(device->partlabel));
	}
	blkid_free_probe(probe);
}

static bool has_media(int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX], text[32];

	if (strncmp(name, "fd", 2) == 0)
		return false;
	snprintf(path, sizeof(path), "%s/size", name);
	return sysfs_read_text(dir, path, text, sizeof(text)) < 0 ||
	       strcmp(text, "0") != 0;
}

static int grow(struct reader *reader)
{
	struct block_list *list = reader->list;
	struct block_device *items;
	size_t capacity = reader->capacity ? reader->capacity * 2 : FIRST_COUNT;

	if (list->count < reader->capacity)
		return 0;
	items = realloc(list->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	reader->capacity = capacity;
	return 0;
}

/* Names and sysfs only; false for what is no device that could be opened. */
static bool read_names(int dir, const char *name, struct block_device *device)
{
	char path[SYSFS_TEXT_MAX], mapped[DEVICE_SPEC_MAX - 8];

	if (strlen(name) >= sizeof(device->name))
		return false;
	memcpy(device->name, name, strlen(name) + 1);
	/* A hidden disk, as the paths of NVMe multipath, has no number. */
	snprintf(path, sizeof(path), "%s/dev", name);
	if (sysfs_read_text(dir, path, device->number, sizeof(device->number)) <= 0 ||
		sysfs_read_link(dir, name, device->link, sizeof(device->link)) <= 0)
		return false;
	snprintf(path, sizeof(path), "%s/dm/name", name);
	if (sysfs_read_text(dir, path, mapped, sizeof(mapped)) > 0)
		snprintf(device->node, sizeof(device->node), "mapper/%s", mapped);
	return true;
}

static int visit(void *context, int dir, const char *name)
{
	struct reader *reader = context;
	struct block_list *list = reader->list;
	struct block_device *device;

	if (list->count == BLOCK_DEVICES_MAX) {
		list->incomplete = true;
		return 1;
	}
	if (grow(reader) < 0)
		return -ENOMEM;
	device = &list->items[list->count];
	*device = (struct block_device){0};
	if (!read_names(dir, name, device))
		return 0;
	list->count++;
	if (!has_media(dir, name))
		return 0;
	if (reader->observer && !reader->observer->enter(reader->observer->context, name))
		list->incomplete = true;
	else
		identify(list->root, device);
	return 0;
}

int block_list_read(
	int root, const struct block_observer *observer, struct block_list *ret_list)
{
	struct block_list list = {.root = root};
	struct reader reader = {.list = &list, .observer = observer};
	int r = dir_for_each(root, BLOCK_DIR, visit, &reader);

	if (r < 0) {
		block_list_clear(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

void block_list_clear(struct block_list *list)
{
	free(list->items);
	*list = (struct block_list){0};
}

const struct block_device *block_by_name(const struct block_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

const struct block_device *block_by_number(
	const struct block_list *list, unsigned major, unsigned minor)
{
	char number[32];

	snprintf(number, sizeof(number), "%u:%u", major, minor);
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].number, number) == 0)
			return &list->items[i];
	return NULL;
}

static bool is_node(int root, const struct block_device *device, const char *node)
{
	char path[DEVICE_SPEC_MAX + 8], name[BLOCK_NAME_MAX], target[BLOCK_NAME_MAX];

	if (strcmp(device->node, node) == 0)
		return true;
	snprintf(name, sizeof(name), "%s", device->name);
	for (char *at = name; *at; at++)
		if (*at == '!')
			*at = '/';
	if (strcmp(name, node) == 0)
		return true;
	/* udev's names are links: /dev/vg/lv -> ../dm-0 */
	snprintf(path, sizeof(path), "dev/%s", node);
	return sysfs_read_link_name(root, path, target, sizeof(target)) > 0 &&
	       strcmp(target, device->name) == 0;
}

static bool is_named(
	int root, const struct block_device *device, const struct device_spec *spec)
{
	switch (spec->kind) {
	case SPEC_UUID:
		return device_spec_same(spec, device->uuid);
	case SPEC_LABEL:
		return device_spec_same(spec, device->label);
	case SPEC_PARTUUID:
		return device_spec_same(spec, device->partuuid);
	case SPEC_PARTLABEL:
		return device_spec_same(spec, device->partlabel);
	case SPEC_NODE:
		return is_node(root, device, spec->value);
	case SPEC_NUMBER:
		return device_spec_same(spec, device->number);
	case SPEC_POOL:
		return strcmp(device->type, "zfs_member") == 0 &&
		       device_spec_same(spec, device->label);
	case SPEC_NONE:
	case SPEC_KIND_COUNT:
		break;
	}
	return false;
}

const struct block_device *block_next(
	const struct block_list *list, const struct device_spec *spec, size_t *at)
{
	while (*at < list->count) {
		const struct block_device *device = &list->items[(*at)++];

		if (is_named(list->root, device, spec))
			return device;
	}
	return NULL;
}

uint64_t block_btrfs_devices(int root, const struct block_device *device)
{
	cleanup_close int fd = open_device(root, device->name);
	uint64_t count;

	if (fd < 0 || pread(fd, &count, sizeof(count), BTRFS_NUM_DEVICES) !=
			      (ssize_t)sizeof(count))
		return 0;
	return le64toh(count);
}
