/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_config.h"

#include "core/config.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MAIN "etc/vfio-early.conf"
#define END  ".conf"
/* What hooks/stage-image puts in place of a file that it must not copy. */
#define UNUSABLE "unusable-when-this-image-was-made"
#define MASK     "/dev/null"

static const char *const drop_ins[] = {
	"etc/vfio-early.conf.d", "usr/lib/vfio-early.conf.d"};
#define DROP_INS (sizeof(drop_ins) / sizeof(drop_ins[0]))

struct comparison {
	int root;
	const struct image_contents *contents;
	const char *folder; /* in the image */
	const char *parent; /* of what is being looked at */
	char *ret_path;
};

static int different(
	struct comparison *comparison, enum image_config how, const char *path)
{
	snprintf(comparison->ret_path, IMAGE_CONFIG_PATH_MAX, "/%s", path);
	return (int)how;
}

static bool is_there(int root, const char *path)
{
	struct stat status;

	return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A link to /dev/null masks, and is one in the image too. */
static bool is_mask(int root, const char *path)
{
	char target[SYSFS_TEXT_MAX];

	return sysfs_read_link(root, path, target, sizeof(target)) > 0 &&
	       strcmp(target, MASK) == 0;
}

static int compare_file(struct comparison *comparison, const char *path)
{
	const struct image_file *copy =
		image_contents_find(comparison->contents, comparison->folder, path);
	cleanup_free char *bytes = NULL;
	size_t length;
	int r;

	if (!copy)
		return different(comparison, CONFIG_MISSING, path);
	if (copy->is_link && copy->bytes && strcmp(copy->bytes, UNUSABLE) == 0)
		return different(comparison, CONFIG_UNUSABLE, path);
	if (is_mask(comparison->root, path))
		return copy->is_link && copy->bytes && strcmp(copy->bytes, MASK) == 0
			       ? CONFIG_SAME
			       : different(comparison, CONFIG_DIFFERENT, path);
	r = proc_read(comparison->root, path, CONFIG_FILE_BYTES_MAX, &bytes, &length);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || copy->is_link || !copy->bytes || copy->length != length ||
		memcmp(copy->bytes, bytes, length) != 0)
		return different(comparison, CONFIG_DIFFERENT, path);
	return CONFIG_SAME;
}

static bool is_config_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(END) &&
	       strcmp(name + length - strlen(END), END) == 0;
}

static int visit(void *context, int dir, const char *name)
{
	struct comparison *comparison = context;
	char path[IMAGE_CONFIG_PATH_MAX];

	(void)dir;
	if (!is_config_name(name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", comparison->parent, name);
	return compare_file(comparison, path);
}

/* What is in the image alone. */
static int find_extra(struct comparison *comparison)
{
	const struct image_contents *contents = comparison->contents;
	size_t front = strlen(comparison->folder);

	for (size_t i = 0; i < contents->count; i++) {
		const char *path = contents->files[i].path;
		bool is_ours = false;

		if (strncmp(path, comparison->folder, front) != 0)
			continue;
		path += front;
		for (size_t j = 0; j < DROP_INS; j++)
			is_ours |= strncmp(path, drop_ins[j], strlen(drop_ins[j])) == 0 &&
				   is_config_name(path);
		if ((is_ours || strcmp(path, MAIN) == 0) &&
			!is_there(comparison->root, path))
			return different(comparison, CONFIG_EXTRA, path);
	}
	return CONFIG_SAME;
}

int image_config_compare(int root, const struct image_contents *contents,
	const char *folder, char ret_path[IMAGE_CONFIG_PATH_MAX])
{
	struct comparison comparison = {.root = root,
		.contents = contents,
		.folder = folder,
		.ret_path = ret_path};
	int r = CONFIG_SAME;

	if (is_there(root, MAIN))
		r = compare_file(&comparison, MAIN);
	for (size_t i = 0; r == CONFIG_SAME && i < DROP_INS; i++) {
		comparison.parent = drop_ins[i];
		r = dir_for_each(root, drop_ins[i], visit, &comparison);
		if (r < 0 && r != -ENOMEM)
			r = CONFIG_SAME; /* not there, or a problem of the config's own */
	}
	return r == CONFIG_SAME ? find_extra(&comparison) : r;
}
