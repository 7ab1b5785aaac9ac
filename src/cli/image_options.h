/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of `vfio-early image`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IMAGE_KERNELS_MAX 64
#define IMAGE_INITRDS_MAX 16

struct image_options {
	const char *output; /* "-" is standard output */
	const char
		*kernels[IMAGE_KERNELS_MAX]; /* as given, each once; none: the running */
	size_t kernel_count;
	bool all_kernels;
	const char *initrds[IMAGE_INITRDS_MAX];
	size_t initrd_count;
	bool quiet;
	bool help;
};

/*
 * Fills *options, whose strings are those of ARGV. Returns 0, or EXIT_USAGE after telling
 * the user what is wrong.
 */
int image_options_read(int argc, char **argv, struct image_options *options);
