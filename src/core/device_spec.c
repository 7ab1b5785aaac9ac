/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_spec.h"

#include "number.h"

#include <stdio.h>
#include <string.h>

#define DEV "/dev/"

static const struct {
	enum device_spec_kind kind;
	const char *name;
	const char *folder;
} tags[] = {
	{SPEC_UUID, "UUID", "disk/by-uuid/"},
	{SPEC_LABEL, "LABEL", "disk/by-label/"},
	{SPEC_PARTUUID, "PARTUUID", "disk/by-partuuid/"},
	{SPEC_PARTLABEL, "PARTLABEL", "disk/by-partlabel/"},
};

#define TAG_COUNT (sizeof(tags) / sizeof(tags[0]))

static bool begins(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static bool set(struct device_spec *ret, enum device_spec_kind kind, const char *text,
	size_t length)
{
	if (length == 0 || length >= sizeof(ret->value) || memchr(text, '\0', length))
		return false;
	ret->kind = kind;
	memcpy(ret->value, text, length);
	ret->value[length] = '\0';
	return true;
}

static bool parse_node(const char *text, size_t length, struct device_spec *ret)
{
	for (size_t i = 0; i < TAG_COUNT; i++)
		if (begins(text, length, tags[i].folder))
			return set(ret, tags[i].kind, text + strlen(tags[i].folder),
				length - strlen(tags[i].folder));
	return set(ret, SPEC_NODE, text, length);
}

static bool parse_number(const char *text, size_t length, struct device_spec *ret)
{
	const char *colon = memchr(text, ':', length);
	uint64_t major, minor;
	size_t before;

	if (!colon)
		return false;
	before = (size_t)(colon - text);
	if (number_parse(text, before, 10, 4095, &major) < 0 ||
		number_parse(colon + 1, length - before - 1, 10, 1048575, &minor) < 0)
		return false;
	ret->kind = SPEC_NUMBER;
	snprintf(ret->value, sizeof(ret->value), "%u:%u", (unsigned)major,
		(unsigned)minor);
	return true;
}

static bool parse_tag(
	const char *text, size_t length, size_t tag, struct device_spec *ret)
{
	const char *offset;

	text += strlen(tags[tag].name) + 1;
	length -= strlen(tags[tag].name) + 1;
	if (length >= 2 && (*text == '"' || *text == '\'') && text[length - 1] == *text) {
		text++;
		length -= 2;
	}
	/* PARTUUID=.../PARTNROFF=1: another partition of the same disk. */
	offset = tags[tag].kind == SPEC_PARTUUID ? memchr(text, '/', length) : NULL;
	return set(ret, tags[tag].kind, text, offset ? (size_t)(offset - text) : length);
}

bool device_spec_parse(const char *text, size_t length, struct device_spec *ret)
{
	if (begins(text, length, DEV))
		return parse_node(text + strlen(DEV), length - strlen(DEV), ret);
	for (size_t i = 0; i < TAG_COUNT; i++)
		if (begins(text, length, tags[i].name) && length > strlen(tags[i].name) &&
			text[strlen(tags[i].name)] == '=')
			return parse_tag(text, length, i, ret);
	return parse_number(text, length, ret);
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static const char *past_dividers(const char *text)
{
	while (*text == '-' || *text == ':')
		text++;
	return text;
}

static bool same_uuid(const char *a, const char *b)
{
	for (;;) {
		a = past_dividers(a);
		b = past_dividers(b);
		if (lower(*a) != lower(*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

bool device_spec_same(const struct device_spec *spec, const char *value)
{
	if (!value[0])
		return false;
	switch (spec->kind) {
	case SPEC_UUID:
	case SPEC_PARTUUID:
		return same_uuid(spec->value, value);
	case SPEC_POOL:
		return strcmp(spec->value, "*") == 0 || strcmp(spec->value, value) == 0;
	case SPEC_NONE:
	case SPEC_KIND_COUNT:
		return false;
	case SPEC_LABEL:
	case SPEC_PARTLABEL:
	case SPEC_NODE:
	case SPEC_NUMBER:
		break;
	}
	return strcmp(spec->value, value) == 0;
}

const char *device_spec_name(enum device_spec_kind kind)
{
	static const char *const names[SPEC_KIND_COUNT] = {[SPEC_NONE] = "",
		[SPEC_UUID] = "UUID",
		[SPEC_LABEL] = "LABEL",
		[SPEC_PARTUUID] = "PARTUUID",
		[SPEC_PARTLABEL] = "PARTLABEL",
		[SPEC_NODE] = "node",
		[SPEC_NUMBER] = "number",
		[SPEC_POOL] = "pool"};

	return kind < SPEC_KIND_COUNT ? names[kind] : "";
}
