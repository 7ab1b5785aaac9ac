/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels whose modules are installed on this machine. */
#pragma once

#include <stddef.h>

#define KERNELS_FOLDER "lib/modules" /* below a root; else in usr/ */

struct kernels {
	char **versions; /* sorted by bytes */
	size_t count;
};

/* Finds every folder in /lib/modules, else /usr/lib/modules, with a modules.dep. Returns
 * 0 (with none, too) or -errno. */
int kernels_find(struct kernels *kernels);

/* The same below a root directory. */
int kernels_find_below(int root, struct kernels *kernels);
void kernels_clear(struct kernels *kernels);

/* The first that is VERSION, or NULL. */
const char *kernels_get(const struct kernels *kernels, const char *version);

/* "A, B and C", or "none", to be freed; NULL without memory. */
char *kernels_words(const struct kernels *kernels);

/* Where the modules of a version are, without a slash at the end; to be freed. */
char *kernel_folder(const char *version);
