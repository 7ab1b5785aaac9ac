/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_edit.h"

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";
#define MARK_LENGTH (sizeof(byte_order_mark) - 1)

struct text {
	char *bytes; /* has room for all that is put into it */
	size_t length;
};

static void put(struct text *text, const char *bytes, size_t length)
{
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

static bool is_removed(const struct config_edit *edit, unsigned line)
{
	for (size_t i = 0; i < edit->removed_count; i++)
		if (edit->removed[i] == line)
			return true;
	return false;
}

static bool begins_with_mark(const char *bytes, size_t length)
{
	return length >= MARK_LENGTH && memcmp(bytes, byte_order_mark, MARK_LENGTH) == 0;
}

/* A line that becomes the first may begin with what would be a mark there. With one in
 * front of it, it still means what it meant: nothing. */
static void put_line(struct text *out, const char *bytes, size_t length)
{
	if (out->length == 0 && begins_with_mark(bytes, length))
		put(out, byte_order_mark, MARK_LENGTH);
	put(out, bytes, length);
}

/* Copies what stays; returns the number of lines. */
static unsigned copy_lines(const char *bytes, size_t length,
	const struct config_edit *edit, struct text *out)
{
	unsigned line = 0;

	if (begins_with_mark(bytes, length)) {
		put(out, bytes, MARK_LENGTH);
		bytes += MARK_LENGTH;
		length -= MARK_LENGTH;
	}
	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t whole = end ? (size_t)(end - bytes) + 1 : length;

		line++;
		if (!is_removed(edit, line))
			put_line(out, bytes, whole);
		bytes += whole;
		length -= whole;
	}
	return line;
}

static bool are_possible(const struct config_edit *edit, unsigned lines)
{
	for (size_t i = 0; i < edit->removed_count; i++)
		if (edit->removed[i] == 0 || edit->removed[i] > lines)
			return false;
	for (size_t i = 0; i < edit->added_count; i++)
		if (strpbrk(edit->added[i], "\r\n"))
			return false;
	return true;
}

/* Where lines of the text end, the last of them as CR LF. */
static bool ends_with_return(const char *bytes, size_t length)
{
	while (length > 0 && bytes[length - 1] != '\n')
		length--;
	return length >= 2 && bytes[length - 2] == '\r';
}

static size_t room_for(size_t length, const struct config_edit *edit)
{
	/* A mark, the end of a last line that had none, and a NUL. */
	size_t room = length + MARK_LENGTH + 3;

	for (size_t i = 0; i < edit->added_count; i++)
		room += strlen(edit->added[i]) + 2;
	return room;
}

/* Whether the text is no whole line, nor nothing at all. */
static bool wants_end(const struct text *text)
{
	if (text->length == 0 || text->bytes[text->length - 1] == '\n')
		return false;
	return text->length != MARK_LENGTH ||
	       !begins_with_mark(text->bytes, text->length);
}

/* A last line may have the return, and not the line feed. */
static void put_end(struct text *text, const char *end)
{
	if (text->bytes[text->length - 1] == '\r')
		put(text, "\n", 1);
	else
		put(text, end, strlen(end));
}

int config_edit(const char *bytes, size_t length, const struct config_edit *edit,
	char **ret_text, size_t *ret_length)
{
	const char *end = ends_with_return(bytes, length) ? "\r\n" : "\n";
	struct text text = {.bytes = malloc(room_for(length, edit))};

	if (!text.bytes)
		return -ENOMEM;
	if (!are_possible(edit, copy_lines(bytes, length, edit, &text))) {
		free(text.bytes);
		return -EINVAL;
	}
	if (edit->added_count > 0 && wants_end(&text))
		put_end(&text, end);
	for (size_t i = 0; i < edit->added_count; i++) {
		put(&text, edit->added[i], strlen(edit->added[i]));
		put(&text, end, strlen(end));
	}
	if (text.length > CONFIG_FILE_BYTES_MAX) {
		free(text.bytes);
		return -EFBIG;
	}
	text.bytes[text.length] = '\0';
	*ret_text = text.bytes;
	*ret_length = text.length;
	return 0;
}
