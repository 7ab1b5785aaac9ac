/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks of the machine and what is mounted from them, layers in between or not. */
#pragma once

/*
 * Calls NOTE for every disk with the text of a sysfs link that passes its controller and
 * with words as "disk sda: / ext4, /boot vfat". Returns 0, or -errno where the disks
 * cannot be listed.
 */
int disks_describe(int root,
	void (*note)(void *context, const char *link, const char *words), void *context);
