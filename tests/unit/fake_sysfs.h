/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sysfs, procfs and /etc of files and links below a directory of mkdtemp(). Whatever
 * fails here ends the test. Paths are relative to the root, and parents are made.
 */
#pragma once

#include "core/machine.h"

struct fake {
	char path[64];
	int root;
};

/* With an empty /sys/bus/pci/devices and mountinfo, swaps and cmdline without content. */
void fake_begin(struct fake *fake);
void fake_end(struct fake *fake);

void fake_directory(struct fake *fake, const char *path);
void fake_file(struct fake *fake, const char *path, const char *content);
void fake_bytes(struct fake *fake, const char *path, size_t length, char byte);
void fake_link(struct fake *fake, const char *path, const char *target);
void fake_fifo(struct fake *fake, const char *path);
void fake_remove(struct fake *fake, const char *path);

/*
 * A function: its path below /sys/devices, ids, class, and words: bridge, group=N,
 * driver=NAME (a module), driver-built-in=NAME, override=TEXT. As
 * "pci0000:00/0000:00:01.0/0000:01:00.0 10de:2206:1043:87d2 030000 group=13"
 * Bridges on the way are not made. Without override= the attribute reads "(null)".
 */
void fake_function(struct fake *fake, const char *row);

/* A block device at a path below /sys/devices, as ".../block/sda/sda1" "8:1". */
void fake_block(struct fake *fake, const char *path, const char *number);

/* An NVMe subsystem of /sys/devices/virtual with one controller at a path below
 * /sys/devices; its block devices are added by fake_block(). */
void fake_subsystem(struct fake *fake, const char *name, const char *controller);

/* A network interface, by path; FLAGS as "0x1003". */
void fake_interface(struct fake *fake, const char *path, const char *flags);

/* A sound card, by path as ".../sound/card0". */
void fake_card(struct fake *fake, const char *path);

/* A process with one open file. */
void fake_open_file(struct fake *fake, unsigned process, unsigned fd, const char *target);
