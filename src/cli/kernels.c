/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernels.h"

#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The second is the real one where the first is a link to it, or is missing. */
static const char *parent(void)
{
	return access("/lib/modules", F_OK) == 0 ? "/lib/modules" : "/usr/lib/modules";
}

char *kernel_folder(const char *version)
{
	char *path;

	return asprintf(&path, "%s/%s", parent(), version) < 0 ? NULL : path;
}

/* What a removed kernel leaves behind is a folder without this file. */
static int add_version(void *context, int dir, const char *name)
{
	struct kernels *kernels = context;
	cleanup_free char *file = NULL;
	char **more;

	if (asprintf(&file, "%s/modules.dep", name) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	if (faccessat(dir, file, F_OK, 0) < 0)
		return 0;
	more = reallocarray(kernels->versions, kernels->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	kernels->versions = more;
	more[kernels->count] = strdup(name);
	if (!more[kernels->count])
		return -ENOMEM;
	kernels->count++;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find(int root, const char *folder, struct kernels *kernels)
{
	int r;

	*kernels = (struct kernels){0};
	r = dir_for_each(root, folder, add_version, kernels);
	if (r == -ENOENT)
		r = 0;
	if (r < 0)
		kernels_clear(kernels);
	else if (kernels->count > 0)
		qsort(kernels->versions, kernels->count, sizeof(*kernels->versions),
			by_bytes);
	return r;
}

int kernels_find(struct kernels *kernels)
{
	return find(AT_FDCWD, parent(), kernels);
}

int kernels_find_below(int root, struct kernels *kernels)
{
	bool first = faccessat(root, KERNELS_FOLDER, F_OK, 0) == 0;

	return find(root, first ? KERNELS_FOLDER : "usr/" KERNELS_FOLDER, kernels);
}

void kernels_clear(struct kernels *kernels)
{
	for (size_t i = 0; i < kernels->count; i++)
		free(kernels->versions[i]);
	free(kernels->versions);
	*kernels = (struct kernels){0};
}

const char *kernels_get(const struct kernels *kernels, const char *version)
{
	for (size_t i = 0; i < kernels->count; i++)
		if (strcmp(kernels->versions[i], version) == 0)
			return kernels->versions[i];
	return NULL;
}

char *kernels_words(const struct kernels *kernels)
{
	char *words = NULL;
	size_t size;
	FILE *stream = open_memstream(&words, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < kernels->count; i++) {
		if (i > 0)
			fputs(i + 1 == kernels->count ? " and " : ", ", stream);
		fputs(kernels->versions[i], stream);
	}
	if (kernels->count == 0)
		fputs("none", stream);
	return fclose(stream) == 0 ? words : NULL;
}
