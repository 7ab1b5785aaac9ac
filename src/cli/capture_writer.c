/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture_writer.h"

#include "core/capture_text.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 65536

static bool put(struct capture_writer *writer, const char *text)
{
	if (writer->r == 0 && fputs(text, writer->out) < 0)
		writer->r = -EIO;
	return writer->r == 0;
}

static void put_name(struct capture_writer *writer, const char *name)
{
	char clean[SCRUB_TEXT_MAX], escaped[SCRUB_TEXT_MAX];

	scrub_text(writer->scrub, name, false, clean, sizeof(clean));
	if (capture_escape_name(clean, escaped, sizeof(escaped)) < 0)
		writer->r = -EFBIG;
	put(writer, escaped);
}

static void put_text(struct capture_writer *writer, const char *text)
{
	char escaped[CAPTURE_TEXT_MAX];

	if (capture_escape_text(text, strlen(text), escaped, sizeof(escaped)) < 0)
		writer->r = -EFBIG;
	else
		put(writer, escaped);
}

void capture_directory(struct capture_writer *writer, const char *path)
{
	snprintf(writer->directory, sizeof(writer->directory), "%s", path);
	put(writer, "[");
	put_name(writer, path);
	put(writer, "]\n");
}

static bool read_attribute(
	struct capture_writer *writer, const char *name, char *out, size_t size)
{
	char path[SYSFS_TEXT_MAX + 256];

	snprintf(path, sizeof(path), "%s/%s", writer->directory, name);
	return sysfs_read_text(writer->root, path, out, size) >= 0;
}

void capture_value(struct capture_writer *writer, const char *name, const char *value)
{
	put_name(writer, name);
	put(writer, " = ");
	put_text(writer, value);
	put(writer, "\n");
}

static void write_attribute(
	struct capture_writer *writer, const char *name, bool free_text)
{
	char text[SCRUB_TEXT_MAX], clean[SCRUB_TEXT_MAX];

	if (!read_attribute(writer, name, text, sizeof(text)))
		return;
	if (strchr(text, '\n')) {
		char *save = NULL;

		capture_file(writer, name);
		for (char *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			capture_line(writer, line);
		return;
	}
	scrub_text(writer->scrub, text, free_text, clean, sizeof(clean));
	capture_value(writer, name, free_text ? clean : text);
}

void capture_attribute(struct capture_writer *writer, const char *name)
{
	write_attribute(writer, name, false);
}

void capture_free_text(struct capture_writer *writer, const char *name)
{
	write_attribute(writer, name, true);
}

void capture_link(struct capture_writer *writer, const char *name)
{
	char path[SYSFS_TEXT_MAX + 256], target[SYSFS_TEXT_MAX], clean[SCRUB_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/%s", writer->directory, name);
	if (sysfs_read_link(writer->root, path, target, sizeof(target)) <= 0)
		return;
	scrub_text(writer->scrub, target, false, clean, sizeof(clean));
	put_name(writer, name);
	put(writer, " -> ");
	put_text(writer, clean);
	put(writer, "\n");
}

void capture_file(struct capture_writer *writer, const char *name)
{
	put_name(writer, name);
	put(writer, ":\n");
}

void capture_line(struct capture_writer *writer, const char *line)
{
	put(writer, "\t");
	put_text(writer, line);
	put(writer, "\n");
}

struct names {
	char **items;
	size_t count;
	size_t capacity;
};

static int add_name(void *context, int dir, const char *name)
{
	struct names *names = context;
	char *copy;

	(void)dir;
	if (names->count == NAMES_MAX)
		return -E2BIG;
	if (names->count == names->capacity) {
		size_t capacity = names->capacity ? names->capacity * 2 : 64;
		char **items = reallocarray(names->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		names->items = items;
		names->capacity = capacity;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	names->items[names->count++] = copy;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void capture_each(struct capture_writer *writer, const char *path,
	void (*visit)(struct capture_writer *writer, const char *path, const char *name))
{
	struct names names = {0};
	int r = dir_for_each(writer->root, path, add_name, &names);

	if (r == -ENOMEM || r == -E2BIG)
		writer->r = r;
	if (names.count > 0)
		qsort(names.items, names.count, sizeof(*names.items), by_text);
	for (size_t i = 0; i < names.count; i++) {
		if (writer->r == 0)
			visit(writer, path, names.items[i]);
		free(names.items[i]);
	}
	free(names.items);
}

bool capture_resolve(struct capture_writer *writer, const char *directory,
	const char *name, char *out, size_t size)
{
	char path[SYSFS_TEXT_MAX + 256], target[SYSFS_TEXT_MAX];
	const char *at = target;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (sysfs_read_link(writer->root, path, target, sizeof(target)) <= 0)
		return false;
	while (strncmp(at, "../", 3) == 0)
		at += 3;
	/* Links of /sys/bus/X/devices and /sys/class/X leave all but /sys. */
	return strncmp(at, "devices/", 8) == 0 &&
	       (size_t)snprintf(out, size, "sys/%s", at) < size;
}
