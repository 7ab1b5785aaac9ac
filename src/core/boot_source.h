/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel command line says the host boots from: root= in the forms of the
 * kernel, initramfs-tools, dracut and mkinitcpio, the layers below it (rd.luks.*,
 * cryptdevice=, rd.md.uuid=), mount.usr=, resume=, and keys on other disks.
 *
 * LVM is named by volume, which no superblock shows: a volume that is there is found by
 * its node, one that is not set up yet only through the layers named besides.
 */
#pragma once

#include "device_spec.h"

#define BOOT_ITEMS_MAX 32

enum boot_use {
	BOOT_ROOT,
	BOOT_USR,
	BOOT_LAYER, /* LUKS or md below one of these */
	BOOT_RESUME,
	BOOT_KEY, /* a disk that holds a key or a LUKS header */
	BOOT_USE_COUNT,
};

struct boot_item {
	enum boot_use use;
	struct device_spec spec;
};

struct boot_source {
	struct boot_item items[BOOT_ITEMS_MAX];
	unsigned count;
	bool network;                    /* the root file system comes over the network */
	bool network_root;               /* ... and root= itself says so */
	bool has_root;                   /* there is a root=, understood or not */
	bool overflow;                   /* more than BOOT_ITEMS_MAX: not all are here */
	char root_text[DEVICE_SPEC_MAX]; /* root= as written, printable, maybe cut */
};

void boot_source_parse(const char *bytes, size_t length, struct boot_source *ret);

/* The first item of this use, or NULL. */
const struct boot_item *boot_source_item(
	const struct boot_source *source, enum boot_use use);

/* "/", "/usr", "resume=" and so on: what the disk of an item carries. */
const char *boot_use_words(enum boot_use use);
