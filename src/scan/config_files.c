/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_files.h"

#include "cleanup.h"
#include "core/cmdline.h"
#include "core/quote.h"
#include "sysfs_read.h"
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAIN_DIR       "etc"
#define MAIN_FILE      "etc/vfio-early.conf"
#define CMDLINE_FILE   "proc/cmdline"
#define SUFFIX         ".conf"
#define NAME_MAX_BYTES 256
#define LINK_SHOWN_MAX 128

static const char *const drop_in_dirs[] = {
	"etc/vfio-early.conf.d", "run/vfio-early.conf.d", "usr/lib/vfio-early.conf.d"};
#define DROP_IN_DIRS (sizeof(drop_in_dirs) / sizeof(drop_in_dirs[0]))

struct drop_ins {
	bool unusable[DROP_IN_DIRS];   /* the whole folder, and that was said */
	char *names[CONFIG_FILES_MAX]; /* ascending, each once */
	size_t count;
	bool too_many;
};

/* A link that leads nowhere shows where: an image has such in place of what was unusable
 * when it was made. */
static int problem_of_link(
	struct config *config, struct source source, const char *path, int root)
{
	char target[SYSFS_TEXT_MAX], quoted[LINK_SHOWN_MAX];
	int length = sysfs_read_link(root, path, target, sizeof(target));

	if (length < 0)
		return config_add_problem(
			config, source, 0, "cannot be read: %s", strerror(ENOENT));
	quote_text(target, (size_t)length, quoted, sizeof(quoted));
	return config_add_problem(config, source, 0,
		"links to \"%s\", which is not there; expected a file of rules", quoted);
}

/*
 * MENDS is what the command for the user names: a constant, since it is to be typed as
 * root, and the name of a file can hold anything.
 */
static int problem_of_trust(
	struct config *config, struct source source, const char *mends)
{
	/* Not all of /etc. */
	const char *all = strcmp(mends, MAIN_DIR) == 0 ? "" : " -R";

	return config_add_problem(config, source, 0,
		"others than root can change it, so it is not followed; run: "
		"chown%s root: /%s && chmod%s go-w /%s, then rebuild the boot image",
		all, mends, all, mends);
}

static int problem_of_file(
	struct config *config, int root, const char *path, const char *mends, int error)
{
	struct source source = {0};
	char name[NAME_MAX_BYTES + 64];
	const char *what;
	int r;

	config->incomplete = true;
	snprintf(name, sizeof(name), "/%s", path);
	r = config_keep_name(config, name, &source.file);
	if (r == -ENOMEM)
		return r;
	switch (error) {
	case -EISDIR:
		what = "is a directory; expected a file of rules";
		break;
	case -ENXIO:
		what = "is no regular file; expected a file of rules";
		break;
	case -ELOOP:
		what = "is a loop of symbolic links; expected a file of rules";
		break;
	case -ENOENT:
		return problem_of_link(config, source, path, root);
	case -EKEYREJECTED:
		return problem_of_trust(config, source, mends);
	case -EFBIG:
		return config_add_problem(config, source, 0,
			"larger than %d bytes; shorten it", CONFIG_FILE_BYTES_MAX);
	default:
		return config_add_problem(
			config, source, 0, "cannot be read: %s", strerror(-error));
	}
	return config_add_problem(config, source, 0, "%s", what);
}

/* Also where that cannot be found out. A link whose target is missing is there: that is a
 * mistake, and a missing file is not. */
static bool is_there(int root, const char *path)
{
	struct stat status;

	return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static bool is_null_device(int root, const char *path)
{
	char target[SYSFS_TEXT_MAX];
	struct stat status;

	if (sysfs_read_link(root, path, target, sizeof(target)) > 0 &&
		strcmp(target, "/dev/null") == 0)
		return true;
	return fstatat(root, path, &status, 0) == 0 && S_ISCHR(status.st_mode);
}

static int read_file(struct config *config, int root, const char *path, const char *mends)
{
	char name[NAME_MAX_BYTES + 64];
	cleanup_free char *bytes = NULL;
	size_t length;
	int r;

	if (is_null_device(root, path))
		return 0;
	r = file_read(root, path, CONFIG_FILE_BYTES_MAX, &bytes, &length);
	if (r == -ENOENT && !is_there(root, path))
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return problem_of_file(config, root, path, mends, r);
	snprintf(name, sizeof(name), "/%s", path);
	return config_add_file(config, name, bytes, length);
}

static int add_name(void *context, int dir, const char *name)
{
	struct drop_ins *drop_ins = context;
	size_t length = strlen(name), at = 0;
	char *copy;

	(void)dir;
	/* Names with a dot in front are editors' lock files and the like. */
	if (name[0] == '.' || length <= strlen(SUFFIX) || length >= NAME_MAX_BYTES ||
		strcmp(name + length - strlen(SUFFIX), SUFFIX) != 0)
		return 0;
	while (at < drop_ins->count && strcmp(drop_ins->names[at], name) < 0)
		at++;
	if (at < drop_ins->count && strcmp(drop_ins->names[at], name) == 0)
		return 0;
	if (drop_ins->count == CONFIG_FILES_MAX - 2) {
		drop_ins->too_many = true;
		return 0;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	memmove(&drop_ins->names[at + 1], &drop_ins->names[at],
		(drop_ins->count - at) * sizeof(drop_ins->names[0]));
	drop_ins->names[at] = copy;
	drop_ins->count++;
	return 0;
}

static int read_drop_in(struct config *config, int root, const struct drop_ins *drop_ins,
	const char *name)
{
	for (size_t i = 0; i < DROP_IN_DIRS; i++) {
		char path[NAME_MAX_BYTES + 64];

		if (drop_ins->unusable[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", drop_in_dirs[i], name);
		if (is_there(root, path))
			return read_file(config, root, path, drop_in_dirs[i]);
	}
	return 0;
}

static int read_main(struct config *config, int root, const char *bytes, size_t length)
{
	int r = trust_folder(root, MAIN_DIR);

	if (r < 0 && problem_of_file(config, root, MAIN_DIR, MAIN_DIR, r) < 0)
		return -ENOMEM;
	if (bytes)
		return config_add_file(config, "/" MAIN_FILE, bytes, length);
	return read_file(config, root, MAIN_FILE, MAIN_FILE);
}

static int list_folder(
	struct config *config, int root, size_t index, struct drop_ins *drop_ins)
{
	const char *path = drop_in_dirs[index];
	int r;

	if (!is_there(root, path))
		return 0;
	r = trust_folder(root, path);
	if (r == 0)
		r = dir_for_each(root, path, add_name, drop_ins);
	if (r >= 0 || r == -ENOMEM)
		return r;
	drop_ins->unusable[index] = true;
	return problem_of_file(config, root, path, path, r) < 0 ? -ENOMEM : 0;
}

int config_files_read(struct config *config, int root)
{
	return config_files_read_as(config, root, NULL, 0);
}

static int read_drop_ins(struct config *config, int root, const struct drop_ins *drop_ins)
{
	int r = 0;

	if (drop_ins->too_many) {
		config->incomplete = true;
		return config_add_problem(config, (struct source){0}, 0,
			"more than %d drop-in files; join some", CONFIG_FILES_MAX - 2);
	}
	for (size_t i = 0; r == 0 && i < drop_ins->count; i++)
		r = read_drop_in(config, root, drop_ins, drop_ins->names[i]);
	return r;
}

int config_files_read_as(
	struct config *config, int root, const char *bytes, size_t length)
{
	struct drop_ins drop_ins = {.count = 0};
	int r = read_main(config, root, bytes, length);

	for (size_t i = 0; r == 0 && i < DROP_IN_DIRS; i++)
		r = list_folder(config, root, i, &drop_ins);
	if (r == 0)
		r = read_drop_ins(config, root, &drop_ins);
	for (size_t i = 0; i < drop_ins.count; i++)
		free(drop_ins.names[i]);
	return r;
}

int config_files_read_below(const char *folder, struct config *ret_config)
{
	cleanup_close int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct config config = {0};
	int r;

	if (root < 0)
		return -errno;
	r = config_files_read(&config, root);
	if (r < 0) {
		config_clear(&config);
		return r;
	}
	*ret_config = config;
	return 0;
}

int config_cmdline_read(struct config *config, int root)
{
	cleanup_free char *bytes = NULL;
	size_t length;
	int r = proc_read(root, CMDLINE_FILE, CMDLINE_BYTES_MAX, &bytes, &length);

	if (r == -EFBIG)
		return cmdline_parse(config, "", CMDLINE_BYTES_MAX + 1);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return problem_of_file(config, root, CMDLINE_FILE, CMDLINE_FILE, r);
	return cmdline_parse(config, bytes, length);
}
