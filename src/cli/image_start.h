/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an image starts the binder, and whether that is before anything loads drivers. */
#pragma once

#include "image_contents.h"

enum image_start {
	START_NEVER,
	START_LATE, /* after what loads drivers */
	START_IN_TIME,
	START_STANDALONE_WITHOUT_WORD, /* its archive is there, rdinit= is not */
};

/* What the kernel starts in the stand-alone archive, where rdinit= names it. */
#define STANDALONE_INIT "/vfio-early/init"

/* Whether a command line names that. */
bool image_start_is_standalone(const char *cmdline);

/*
 * RDINIT: whether the command line begins with the stand-alone archive. Sets *ret_folder,
 * in which the binder's files are, and *ret_how for people, as "scripts/init-top".
 */
enum image_start image_start_find(const struct image_contents *contents, bool rdinit,
	const char **ret_folder, const char **ret_how);
