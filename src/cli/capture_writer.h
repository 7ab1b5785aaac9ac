/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the text that core/capture_text.h describes, scrubbed, from below a root. */
#pragma once

#include "scrub.h"

#include <stdio.h>

struct capture_writer {
	int root;
	FILE *out;
	struct scrub *scrub;
	char directory[512]; /* whose entries are being written */
	int r;               /* the first error; nothing is written after it */
};

/* Everything that follows is in this directory. */
void capture_directory(struct capture_writer *writer, const char *path);

/* An attribute of one line; nothing where it cannot be read. */
void capture_attribute(struct capture_writer *writer, const char *name);

/* The same for text that people may have written. */
void capture_free_text(struct capture_writer *writer, const char *name);

void capture_value(struct capture_writer *writer, const char *name, const char *value);
void capture_link(struct capture_writer *writer, const char *name);

/* Begins a file of many lines, and adds one. */
void capture_file(struct capture_writer *writer, const char *name);
void capture_line(struct capture_writer *writer, const char *line);

/*
 * Calls VISIT for every name of a directory below the root, sorted, until writer->r.
 * A directory that is not there is an empty one.
 */
void capture_each(struct capture_writer *writer, const char *path,
	void (*visit)(struct capture_writer *writer, const char *path, const char *name));

/* The directory that a link of sysfs leads to, as "sys/devices/..."; false without one.
 */
bool capture_resolve(struct capture_writer *writer, const char *directory,
	const char *name, char *out, size_t size);
