/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cpio format "newc", of which an initramfs is made: Documentation/driver-api/
 * early-userspace/buffer-format.rst, and what init/initramfs.c makes of it.
 *
 * An archive is a row of entries: head, contents, zeros up to a multiple of four, counted
 * from the archive's begin. The last one is the trailer. The kernel passes over zeros
 * between archives, but an archive that does not begin at a multiple of four panics it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What do_header() of init/initramfs.c takes: PATH_MAX, with the NUL. A longer name would
 * be left out without a word. */
#define CPIO_NAME_BYTES_MAX 4096
#define CPIO_HEAD_BYTES_MAX (110 + CPIO_NAME_BYTES_MAX + 3)
#define CPIO_TRAILER        "TRAILER!!!"
/* Archives end on a multiple of this, as cpio(1) writes them. */
#define CPIO_BLOCK_BYTES 512

struct cpio_entry {
	const char *name; /* a path without a slash in front */
	uint32_t mode;    /* type and permissions as in st_mode */
	uint32_t inode;   /* each entry its own, or the kernel links them */
	uint32_t links;
	uint32_t mtime;
	uint64_t size; /* of the contents, or of a symbolic link's target */
};

/*
 * Writes what stands before an entry's contents to OUT, at most CPIO_HEAD_BYTES_MAX.
 * Owner and group are 0, devices too. Returns the length, -ENAMETOOLONG, -EINVAL (empty
 * name) or -EFBIG (4 GiB and more).
 */
int cpio_head(const struct cpio_entry *entry, char *out);

/* How many zeros follow LENGTH bytes, up to a multiple of four, or of a block. */
unsigned cpio_padding(uint64_t length);
unsigned cpio_block_padding(uint64_t length);
