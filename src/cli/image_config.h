/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a boot image has the configuration that is on the disk: the files that
 * hooks/stage-image copies, byte by byte.
 */
#pragma once

#include "image_contents.h"

#define IMAGE_CONFIG_PATH_MAX 512

enum image_config {
	CONFIG_SAME,
	CONFIG_MISSING, /* the file is on the disk and not in the image */
	CONFIG_EXTRA,   /* in the image, and no longer on the disk */
	CONFIG_DIFFERENT,
	CONFIG_UNUSABLE, /* could not be copied when the image was made */
};

/*
 * Compares what is below ROOT with FOLDER of the image. Unless they are the same,
 * ret_path says which file is the first that is not. Returns it, or -ENOMEM.
 */
int image_config_compare(int root, const struct image_contents *contents,
	const char *folder, char ret_path[IMAGE_CONFIG_PATH_MAX]);
