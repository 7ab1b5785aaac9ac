/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What boot images have of vfio-early, and what of its start and its modules. Several
 * images that a boot loader loads together are one.
 */
#pragma once

#include "boot_image.h"

#include <stdbool.h>
#include <stddef.h>

/* In front of the paths of a stand-alone archive. */
#define STANDALONE_FOLDER "vfio-early/"

struct image_file {
	char *path; /* without a slash in front */
	bool is_link;
	char *bytes; /* a link's target; NULL of what is no file */
	size_t length;
};

struct image_contents {
	struct image_file *files;
	size_t count;
	size_t capacity;
	bool has_systemd;
	char *cmdline; /* a UKI's own, else NULL */
	char *version; /* of the kernel whose modules it has, or of the UKI's; or NULL */
};

/*
 * Adds an image, or a UKI's, below the descriptor ROOT. Returns 0, -errno, or -EBADMSG
 * with what is wrong in PROBLEM. *contents is to be cleared in any case; after -ENOMEM
 * nothing else may be done with it.
 */
int image_contents_read(int root, const char *path, struct image_contents *contents,
	char problem[BOOT_IMAGE_PROBLEM_MAX]);
void image_contents_clear(struct image_contents *contents);

/* The last one, or NULL. FOLDER is "" or STANDALONE_FOLDER. */
const struct image_file *image_contents_find(
	const struct image_contents *contents, const char *folder, const char *path);

/* The last one whose path ends with this, at a slash. */
const struct image_file *image_contents_find_end(
	const struct image_contents *contents, const char *end);

/* Whether there is a file of this module; '-' and '_' are the same. */
bool image_contents_has_module(
	const struct image_contents *contents, const char *folder, const char *name);
