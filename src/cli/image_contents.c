/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_contents.h"

#include "core/cmdline.h"
#include "scan/cleanup.h"
#include "uki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULES_FOLDER "lib/modules/"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Whether PATH ends with END, at a slash. */
static bool ends(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length >= end_length && strcmp(path + length - end_length, end) == 0 &&
	       (length == end_length || path[length - end_length - 1] == '/');
}

static bool is_module(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strstr(name, ".ko") && strstr(path, MODULES_FOLDER);
}

static int grow(struct image_contents *contents)
{
	size_t capacity = contents->capacity ? contents->capacity * 2 : 64;
	struct image_file *files;

	if (contents->count < contents->capacity)
		return 0;
	files = reallocarray(contents->files, capacity, sizeof(*files));
	if (!files)
		return -ENOMEM;
	contents->files = files;
	contents->capacity = capacity;
	return 0;
}

static int add(struct image_contents *contents, const char *path, bool is_link,
	const char *bytes, size_t length)
{
	struct image_file *file;

	if (grow(contents) < 0)
		return -ENOMEM;
	file = &contents->files[contents->count++];
	*file = (struct image_file){.path = strdup(path), .is_link = is_link};
	if (bytes) {
		file->bytes = malloc(length + 1);
		if (!file->bytes)
			return -ENOMEM;
		memcpy(file->bytes, bytes, length);
		file->bytes[length] = '\0';
		file->length = length;
	}
	return file->path ? 0 : -ENOMEM;
}

/* What decides which kernel an image is for. */
static int note_version(struct image_contents *contents, const char *path)
{
	const char *version = strstr(path, MODULES_FOLDER);

	if (!version || contents->version)
		return 0;
	version += strlen(MODULES_FOLDER);
	contents->version = strndup(version, strcspn(version, "/"));
	return contents->version ? 0 : -ENOMEM;
}

static bool wants(void *context, const char *path)
{
	static const char *const exactly[] = {"etc/vfio-early.conf",
		"etc/vfio-early.facts", "usr/lib/vfio-early/vfio-early-boot", "config",
		"hooks/vfio-early", "scripts/init-top/ORDER",
		"scripts/init-top/00-vfio-early"};
	static const char *const folders[] = {
		"etc/vfio-early.conf.d/", "usr/lib/vfio-early.conf.d/"};
	static const char *const endings[] = {"system/vfio-early.service",
		"sysinit.target.wants/vfio-early.service",
		"hooks/cmdline/00-vfio-early.sh"};
	struct image_contents *contents = context;

	if (begins(path, STANDALONE_FOLDER)) {
		path += strlen(STANDALONE_FOLDER);
		if (strcmp(path, "init") == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(exactly) / sizeof(exactly[0]); i++)
		if (strcmp(path, exactly[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (begins(path, folders[i]))
			return true;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (ends(path, endings[i]))
			return true;
	if (ends(path, "lib/systemd/systemd"))
		contents->has_systemd = true;
	return is_module(path);
}

/* Of modules only the path is kept. */
static int entry(
	void *context, const char *path, bool is_link, const char *bytes, size_t length)
{
	struct image_contents *contents = context;

	if (!is_module(path))
		return add(contents, path, is_link, bytes, length);
	if (note_version(contents, path) < 0)
		return -ENOMEM;
	return add(contents, path, is_link, NULL, 0);
}

static int keep_text(char **text, const char *at, size_t length)
{
	free(*text);
	while (length > 0 && (at[length - 1] == '\n' || at[length - 1] == '\0'))
		length--;
	*text = strndup(at, length);
	return *text ? 0 : -ENOMEM;
}

static int read_uki(const char *bytes, size_t length,
	const struct boot_image_visitor *visitor, char problem[BOOT_IMAGE_PROBLEM_MAX])
{
	struct image_contents *contents = visitor->context;
	const char *at;
	size_t size;
	int r = 0;

	if (uki_section(bytes, length, ".cmdline", 0, &at, &size) == 0)
		r = keep_text(&contents->cmdline, at, size);
	if (r == 0 && uki_section(bytes, length, ".uname", 0, &at, &size) == 0)
		r = keep_text(&contents->version, at, size);
	for (unsigned i = 0;
		r == 0 && uki_section(bytes, length, ".initrd", i, &at, &size) == 0; i++)
		r = boot_image_read(at, size, visitor, problem);
	return r;
}

int image_contents_read(int root, const char *path, struct image_contents *contents,
	char problem[BOOT_IMAGE_PROBLEM_MAX])
{
	const struct boot_image_visitor visitor = {
		.context = contents, .wants = wants, .entry = entry};
	cleanup_close int fd =
		openat(root, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	size_t length;
	void *bytes;
	int r;

	problem[0] = '\0';
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size == 0)
		return S_ISDIR(status.st_mode) ? -EISDIR : -ENODATA;
	length = (size_t)status.st_size;
	bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	if (length > 2 && memcmp(bytes, "MZ", 2) == 0)
		r = read_uki(bytes, length, &visitor, problem);
	else
		r = boot_image_read(bytes, length, &visitor, problem);
	(void)munmap(bytes, length);
	return r;
}

void image_contents_clear(struct image_contents *contents)
{
	for (size_t i = 0; i < contents->count; i++) {
		free(contents->files[i].path);
		free(contents->files[i].bytes);
	}
	free(contents->files);
	free(contents->cmdline);
	free(contents->version);
	*contents = (struct image_contents){0};
}

const struct image_file *image_contents_find(
	const struct image_contents *contents, const char *folder, const char *path)
{
	for (size_t i = contents->count; i-- > 0;)
		if (begins(contents->files[i].path, folder) &&
			strcmp(contents->files[i].path + strlen(folder), path) == 0)
			return &contents->files[i];
	return NULL;
}

const struct image_file *image_contents_find_end(
	const struct image_contents *contents, const char *end)
{
	for (size_t i = contents->count; i-- > 0;)
		if (ends(contents->files[i].path, end))
			return &contents->files[i];
	return NULL;
}

static bool is_named(const char *file, const char *name)
{
	const char *end = strstr(file, ".ko");

	return end && cmdline_name_is(file, (size_t)(end - file), name);
}

bool image_contents_has_module(
	const struct image_contents *contents, const char *folder, const char *name)
{
	for (size_t i = 0; i < contents->count; i++) {
		const char *path = contents->files[i].path;

		if (is_module(path) && begins(path, folder) &&
			(folder[0] || !begins(path, STANDALONE_FOLDER)) &&
			is_named(strrchr(path, '/') + 1, name))
			return true;
	}
	return false;
}
