/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a block device down to the hardware that it is made of: partitions, what device-
 * mapper, md and bcache list in slaves/ (bd_link_disk_holder() in block/holder.c), loop
 * devices on files, and the controllers behind the virtual device of NVMe multipath
 * (drivers/nvme/host/multipath.c).
 */
#pragma once

#include "block_list.h"

enum block_ground {
	GROUND_PCI,      /* link: the text of a sysfs link that passes PCI functions */
	GROUND_NETWORK,  /* iSCSI, NBD, NVMe over fabrics, Ceph */
	GROUND_HARDWARE, /* of a bus that is not PCI */
	GROUND_NOTHING,  /* a RAM disk, or something that cannot be followed */
};

struct block_walker {
	void *context;
	/* Every device on the way, the first one included. */
	void (*device)(void *context, const struct block_device *device);
	void (*ground)(void *context, enum block_ground ground, const char *link);
	/* A loop device on this file. */
	void (*file)(void *context, const char *path);
};

void block_walk(const struct block_list *list, const struct block_device *device,
	const struct block_walker *walker);
