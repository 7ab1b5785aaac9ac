/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded reads below a directory descriptor. Everything is opened with O_CLOEXEC,
 * O_NOCTTY and O_NONBLOCK, so that a FIFO or a terminal in a file's place cannot hold the
 * boot. Returns -errno; -EFBIG where the content is larger than the room given.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Longest attribute or link this program cares for. */
#define SYSFS_TEXT_MAX 512

/*
 * The attribute without its last newline, as a string. Returns its length. One read gives
 * all of it, as kernfs keeps the text in one piece (seq_read_iter() in fs/seq_file.c).
 */
int sysfs_read_text(int dir, const char *path, char *out, size_t size);

/* The text of a symbolic link, as a string. Returns its length. */
int sysfs_read_link(int dir, const char *path, char *out, size_t size);

/* The last part of a symbolic link's text: a driver's or a group's name. */
int sysfs_read_link_name(int dir, const char *path, char *out, size_t size);

/*
 * A regular file below ROOT of at most MAX bytes, which only root can change (trust.h).
 * *ret_bytes is allocated and has a NUL behind its end; the caller frees it. -EISDIR,
 * -ENXIO (neither file nor directory), -EKEYREJECTED (not to be trusted), -EFBIG.
 */
int file_read(
	int root, const char *path, size_t max, char **ret_bytes, size_t *ret_length);

/* The same for /proc files, whose size is not known beforehand. */
int proc_read(
	int dir, const char *path, size_t max, char **ret_bytes, size_t *ret_length);

/* Calls VISIT for each entry but "." and "..", until it returns nonzero, which is
 * returned; else 0 or -errno. */
int dir_for_each(int dir, const char *path,
	int (*visit)(void *context, int dir, const char *name), void *context);

/* The same with each entry's inode number, which is not that of what a link leads to. */
int dir_for_each_node(int dir, const char *path,
	int (*visit)(void *context, const char *name, uint64_t node), void *context);
