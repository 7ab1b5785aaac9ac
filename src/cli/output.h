/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that appears under its name only when it is whole: written beside it with mode
 * 0600, synced, renamed. Until then, and after an error, what was there is untouched.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct output {
	FILE *stream;
	uint64_t length; /* of what was written */
	const char *path;
	char *temporary; /* NULL for standard output */
};

/* PATH "-" is standard output. Returns 0 or -errno; *output is to be ended in any case.
 */
int output_begin(struct output *output, const char *path);

/* Both return 0 or -errno. */
int output_write(struct output *output, const void *bytes, size_t length);
int output_zeros(struct output *output, unsigned count);

/* Puts the file in its place if R is 0, else removes it. Returns R, or -errno. */
int output_end(struct output *output, int r);
