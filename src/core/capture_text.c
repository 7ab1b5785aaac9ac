/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture_text.h"

#include "number.h"
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	const struct capture_visitor *visitor;
	char directory[CAPTURE_PATH_MAX];
	char path[CAPTURE_PATH_MAX]; /* of the file whose lines are being read, or "" */
	char *content;
	size_t used;
};

/* Undoes \xNN. Returns the length, or -EBADMSG. */
static int unescape(const char *text, size_t length, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		uint64_t byte = (unsigned char)text[i];

		if (used + 1 >= size)
			return -EBADMSG;
		if (text[i] == '\\') {
			if (length - i < 4 || text[i + 1] != 'x' ||
				number_parse(text + i + 2, 2, 16, 0xff, &byte) < 0 ||
				byte == 0)
				return -EBADMSG;
			i += 3;
		}
		out[used++] = (char)byte;
	}
	out[used] = '\0';
	return (int)used;
}

static bool is_dots(const char *part, size_t length)
{
	return (length == 1 && part[0] == '.') ||
	       (length == 2 && part[0] == '.' && part[1] == '.');
}

/* A relative path whose parts are names. */
static bool is_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || is_dots(path, length))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; (path = strchr(path, '/')) != NULL; path++)
		depth++;
	return depth;
}

/* PATH is the link's own: so many times its target may go up. */
static bool is_target(const char *path, const char *target)
{
	size_t depth = depth_of(path);

	for (; strncmp(target, "..", 2) == 0 && (target[2] == '/' || target[2] == '\0');
		target += target[2] ? 3 : 2) {
		if (depth == 0)
			return false;
		depth--;
		if (target[2] == '\0')
			return true;
	}
	return is_path(target);
}

static int end_content(struct reading *reading)
{
	int r = 0;

	if (reading->path[0])
		r = reading->visitor->file(reading->visitor->context, reading->path,
			reading->content, reading->used);
	reading->path[0] = '\0';
	reading->used = 0;
	return r;
}

static int read_directory(struct reading *reading, const char *line, size_t length)
{
	char path[CAPTURE_PATH_MAX] = "";
	int r;

	if (length < 3 || line[length - 1] != ']')
		return -EBADMSG;
	r = unescape(line + 1, length - 2, path, sizeof(path));
	if (r < 0 || !is_path(path))
		return -EBADMSG;
	memcpy(reading->directory, path, (size_t)r + 1);
	return reading->visitor->directory(reading->visitor->context, path);
}

static int make_path(struct reading *reading, const char *name, size_t length, char *out)
{
	size_t before = strlen(reading->directory);
	int r;

	if (before == 0 || before + 2 >= CAPTURE_PATH_MAX)
		return -EBADMSG;
	memcpy(out, reading->directory, before);
	out[before] = '/';
	r = unescape(name, length, out + before + 1, CAPTURE_PATH_MAX - before - 1);
	return r < 0 || !is_path(out + before + 1) ? -EBADMSG : 0;
}

/* NAME = TEXT, NAME -> TARGET or NAME: */
static int read_entry(struct reading *reading, const char *line, size_t length)
{
	const struct capture_visitor *visitor = reading->visitor;
	const char *space = memchr(line, ' ', length);
	size_t name = space ? (size_t)(space - line) : length - 1;
	char path[CAPTURE_PATH_MAX] = "", text[CAPTURE_TEXT_MAX] = "";
	int r = make_path(reading, line, name, path);

	if (r < 0)
		return r;
	line += name;
	length -= name;
	if (length == 1 && line[0] == ':') {
		memcpy(reading->path, path, sizeof(path));
		return 0;
	}
	if (length >= 3 && memcmp(line, " = ", 3) == 0) {
		r = unescape(line + 3, length - 3, text, sizeof(text) - 1);
		if (r < 0)
			return r;
		text[r] = '\n';
		return visitor->file(visitor->context, path, text, (size_t)r + 1);
	}
	if (length < 5 || memcmp(line, " -> ", 4) != 0)
		return -EBADMSG;
	r = unescape(line + 4, length - 4, text, CAPTURE_PATH_MAX);
	if (r < 0 || !is_target(path, text))
		return -EBADMSG;
	return visitor->link(visitor->context, path, text);
}

static int read_content(struct reading *reading, const char *line, size_t length)
{
	int r;

	if (!reading->path[0] || reading->used + CAPTURE_TEXT_MAX > CAPTURE_CONTENT_MAX)
		return -EBADMSG;
	r = unescape(
		line, length, reading->content + reading->used, CAPTURE_TEXT_MAX - 1);
	if (r < 0)
		return r;
	reading->used += (size_t)r;
	reading->content[reading->used++] = '\n';
	return 0;
}

static int read_line(struct reading *reading, const char *line, size_t length)
{
	int r;

	if (length > 0 && line[0] == '\t')
		return read_content(reading, line + 1, length - 1);
	r = end_content(reading);
	if (r < 0 || length == 0 || line[0] == '#')
		return r;
	if (line[0] == '[')
		return read_directory(reading, line, length);
	return read_entry(reading, line, length);
}

int capture_parse(const char *text, size_t length, const struct capture_visitor *visitor,
	unsigned *ret_line)
{
	struct reading reading = {.visitor = visitor};
	struct span rest = {text, length}, line;
	unsigned number = 1;
	int r = 0;

	*ret_line = number;
	if (length > CAPTURE_BYTES_MAX || memchr(text, '\0', length))
		return -EBADMSG;
	if (!span_next(&rest, '\n', &line) || line.length != strlen(CAPTURE_MAGIC) ||
		memcmp(line.text, CAPTURE_MAGIC, line.length) != 0)
		return -EPROTONOSUPPORT;
	reading.content = malloc(CAPTURE_CONTENT_MAX);
	if (!reading.content)
		return -ENOMEM;
	while (r == 0 && span_next(&rest, '\n', &line)) {
		*ret_line = ++number;
		r = read_line(&reading, line.text, line.length);
	}
	if (r == 0)
		r = end_content(&reading);
	free(reading.content);
	return r;
}

static int escape(
	const char *text, size_t length, const char *also, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool plain = (byte >= ' ' && byte != '\\' && byte != 0x7f &&
				     !(*also && strchr(also, byte))) ||
			     (byte == '\t' && !*also);

		if (used + 5 > size)
			return -EFBIG;
		if (plain)
			out[used++] = (char)byte;
		else
			used += (size_t)snprintf(
				out + used, size - used, "\\x%02x", byte);
	}
	if (used >= size)
		return -EFBIG;
	out[used] = '\0';
	return (int)used;
}

int capture_escape_text(const char *text, size_t length, char *out, size_t size)
{
	return escape(text, length, "", out, size);
}

int capture_escape_name(const char *text, char *out, size_t size)
{
	return escape(text, strlen(text), " []#", out, size);
}
