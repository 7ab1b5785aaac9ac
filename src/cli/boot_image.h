/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a boot image, as the kernel unpacks it (unpack_to_rootfs() in
 * init/initramfs.c): cpio archives in a row, with zeros between them, each as it is or
 * compressed; a compressed part may hold several again. libarchive reads both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BOOT_IMAGE_FILE_MAX    8388608 /* the bytes of one file that are handed on */
#define BOOT_IMAGE_PROBLEM_MAX 200

struct boot_image_visitor {
	void *context;
	/* Whether a file's contents are of interest, or a link's target. */
	bool (*wants)(void *context, const char *path);
	/*
	 * An entry that was wanted, by its path without "./" or "/" in front; of a link
	 * BYTES is the target. BYTES is not terminated, and NULL for what is neither.
	 * Returns 0 or -ENOMEM.
	 */
	int (*entry)(void *context, const char *path, bool is_link, const char *bytes,
		size_t length);
};

/*
 * Hands the entries to VISITOR, in order: of the same path the last one counts. Returns
 * 0, -ENOMEM, or -EBADMSG with what is wrong in PROBLEM: what came before it was handed
 * on.
 */
int boot_image_read(const void *bytes, size_t length,
	const struct boot_image_visitor *visitor, char problem[BOOT_IMAGE_PROBLEM_MAX]);
