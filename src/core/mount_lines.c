/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount_lines.h"

#include <string.h>

#define FIELDS_MAX 32

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static void unescape(struct span field, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < field.length && used + 1 < size; i++) {
		const char *at = field.text + i;
		unsigned value = 0;

		if (*at == '\\' && field.length - i > 3 && is_octal(at[1]) &&
			is_octal(at[2]) && is_octal(at[3])) {
			for (unsigned digit = 1; digit <= 3; digit++)
				value = value * 8 + (unsigned)(at[digit] - '0');
			i += 3;
			out[used++] = (char)(unsigned char)value;
			continue;
		}
		out[used++] = *at;
	}
	out[used] = '\0';
}

static size_t divide(struct span line, struct span fields[FIELDS_MAX])
{
	size_t count = 0, at = 0;

	while (count < FIELDS_MAX) {
		size_t begin;

		while (at < line.length &&
			(line.text[at] == ' ' || line.text[at] == '\t'))
			at++;
		begin = at;
		while (at < line.length && line.text[at] != ' ' && line.text[at] != '\t')
			at++;
		if (at == begin)
			break;
		fields[count++] = (struct span){line.text + begin, at - begin};
	}
	return count;
}

/* The fields of the next line that has at least LEAST and is no comment. */
static size_t next_fields(struct span *rest, size_t least, struct span fields[FIELDS_MAX])
{
	struct span line;

	while (span_next(rest, '\n', &line)) {
		size_t count = divide(line, fields);

		if (count >= least && fields[0].text[0] != '#')
			return count;
	}
	return 0;
}

static bool read_number(struct span field, struct mount *mount)
{
	struct span major, minor = field;

	return span_next(&minor, ':', &major) &&
	       span_unsigned(major, 10, 4095, &mount->major) == 0 &&
	       span_unsigned(minor, 10, 1048575, &mount->minor) == 0;
}

bool mountinfo_next(struct span *rest, struct mount *ret)
{
	struct span fields[FIELDS_MAX];
	size_t count;

	while ((count = next_fields(rest, 9, fields)) > 0) {
		size_t dash = 6;

		/* Optional fields end at a single dash. */
		while (dash < count && !span_is(fields[dash], "-"))
			dash++;
		if (dash + 2 >= count || !read_number(fields[2], ret))
			continue;
		unescape(fields[3], ret->root, sizeof(ret->root));
		unescape(fields[4], ret->point, sizeof(ret->point));
		unescape(fields[dash + 1], ret->type, sizeof(ret->type));
		unescape(fields[dash + 2], ret->source, sizeof(ret->source));
		return true;
	}
	return false;
}

bool fstab_next(struct span *rest, struct fstab_entry *ret)
{
	struct span fields[FIELDS_MAX];
	size_t count = next_fields(rest, 3, fields);

	if (count == 0)
		return false;
	*ret = (struct fstab_entry){0};
	unescape(fields[0], ret->spec, sizeof(ret->spec));
	unescape(fields[1], ret->point, sizeof(ret->point));
	unescape(fields[2], ret->type, sizeof(ret->type));
	if (count > 3)
		unescape(fields[3], ret->options, sizeof(ret->options));
	return true;
}

bool crypttab_next(struct span *rest, struct crypttab_entry *ret)
{
	struct span fields[FIELDS_MAX];
	size_t count = next_fields(rest, 2, fields);

	if (count == 0)
		return false;
	*ret = (struct crypttab_entry){0};
	unescape(fields[0], ret->name, sizeof(ret->name));
	unescape(fields[1], ret->spec, sizeof(ret->spec));
	if (count > 2)
		unescape(fields[2], ret->key, sizeof(ret->key));
	if (count > 3)
		unescape(fields[3], ret->options, sizeof(ret->options));
	return true;
}

bool swaps_next(struct span *rest, char path[MOUNT_FIELD_MAX])
{
	struct span fields[FIELDS_MAX];

	/* The first line is the head of a table. */
	while (next_fields(rest, 2, fields) > 0) {
		if (fields[0].text[0] != '/')
			continue;
		unescape(fields[0], path, MOUNT_FIELD_MAX);
		return true;
	}
	return false;
}

bool option_find(const char *options, const char *name, struct span *ret_value)
{
	struct span rest = {options, strlen(options)}, option;
	size_t length = strlen(name);
	bool with_value = length > 0 && name[length - 1] == '=';

	while (span_next(&rest, ',', &option)) {
		if (with_value ? option.length < length : option.length != length)
			continue;
		if (memcmp(option.text, name, length) != 0)
			continue;
		if (ret_value)
			*ret_value = (struct span){
				option.text + length, option.length - length};
		return true;
	}
	return false;
}
