/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot images that are installed: files that a boot loader loads together are one.
 *
 * Looked for in /boot, /efi and /boot/efi: initrd.img-VERSION (Debian),
 * initramfs-NAME.img and initrd-VERSION (others), TOKEN/VERSION/initrd* (kernel-install),
 * what the entries in loader/entries name, and unified kernel images in EFI/Linux with
 * their addons.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IMAGE_SET_FILES_MAX 8
#define IMAGE_SETS_MAX      256

struct image_set {
	char *files[IMAGE_SET_FILES_MAX]; /* without a slash in front; by name */
	size_t count;
	char version[128]; /* as the names have it, or "" */
	bool is_uki;
	bool is_spare; /* a rescue or fallback image by its name */
};

struct image_sets {
	struct image_set items[IMAGE_SETS_MAX];
	size_t count;
};

/* Fills *sets, which is to be cleared in any case. Returns 0 or -ENOMEM. */
int image_sets_find(int root, struct image_sets *sets);
void image_sets_clear(struct image_sets *sets);
