/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block devices that are there, with what libblkid finds on each. Devices without
 * media, hidden paths of NVMe multipath and floppies are not opened.
 */
#pragma once

#include "core/device_spec.h"
#include "core/mount_lines.h"
#include "sysfs_read.h"

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_NAME_MAX    64
#define BLOCK_DEVICES_MAX 2048

struct block_device {
	char name[BLOCK_NAME_MAX];  /* in /sys/class/block: '!' stands for '/' */
	char number[16];            /* MAJOR:MINOR */
	char link[SYSFS_TEXT_MAX];  /* of /sys/class/block */
	char node[DEVICE_SPEC_MAX]; /* "mapper/NAME" of a device-mapper device, or "" */
	/* "" for what is not there or could not be read. */
	char type[32];
	char uuid[DEVICE_SPEC_MAX];
	char label[DEVICE_SPEC_MAX];
	char partuuid[DEVICE_SPEC_MAX];
	char partlabel[DEVICE_SPEC_MAX];
};

struct block_list {
	int root;
	struct block_device *items;
	size_t count;
	bool incomplete; /* over the limit, or one that never answered */
};

/* Told before a device is opened; false: known to hang, leave it out. */
struct block_observer {
	void *context;
	bool (*enter)(void *context, const char *name);
};

/* Returns 0, -ENOMEM, or what opening /sys/class/block below ROOT gave. */
int block_list_read(
	int root, const struct block_observer *observer, struct block_list *ret_list);
void block_list_clear(struct block_list *list);

const struct block_device *block_by_name(const struct block_list *list, const char *name);
const struct block_device *block_by_number(
	const struct block_list *list, unsigned major, unsigned minor);

/* The next device that SPEC names, from *AT on: several may hold the same file system.
 * NULL at the end. */
const struct block_device *block_next(
	const struct block_list *list, const struct device_spec *spec, size_t *at);

/* How many devices a btrfs has that begins on this one; 0 where that cannot be read. */
uint64_t block_btrfs_devices(int root, const struct block_device *device);
