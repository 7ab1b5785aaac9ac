/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of /proc/self/mountinfo (show_mountinfo() in fs/proc_namespace.c), fstab(5),
 * crypttab(5) and /proc/swaps. Each function takes the rest of a text, passes over
 * comments and lines that are not of the form, and returns false at the end. Fields that
 * do not fit are cut; \040 and the other octal escapes are undone.
 */
#pragma once

#include "record.h"

#define MOUNT_FIELD_MAX 256

struct mount {
	unsigned major, minor; /* major 0: the file system has a number of its own */
	char root[MOUNT_FIELD_MAX];
	char point[MOUNT_FIELD_MAX];
	char type[32];
	char source[MOUNT_FIELD_MAX];
};

struct fstab_entry {
	char spec[MOUNT_FIELD_MAX];
	char point[MOUNT_FIELD_MAX];
	char type[32];
	char options[MOUNT_FIELD_MAX];
};

struct crypttab_entry {
	char name[MOUNT_FIELD_MAX];
	char spec[MOUNT_FIELD_MAX];
	char key[MOUNT_FIELD_MAX];
	char options[MOUNT_FIELD_MAX];
};

bool mountinfo_next(struct span *rest, struct mount *ret);
bool fstab_next(struct span *rest, struct fstab_entry *ret);
bool crypttab_next(struct span *rest, struct crypttab_entry *ret);

/* The next file or device in use as swap. */
bool swaps_next(struct span *rest, char path[MOUNT_FIELD_MAX]);

/* Whether NAME is among options divided by commas; "NAME=" finds NAME=VALUE and sets
 * *ret_value to the rest of the option where it is not NULL. */
bool option_find(const char *options, const char *name, struct span *ret_value);
