/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "core/capture_text.h"

#include <errno.h>

static unsigned entries;

/* No part is empty, "." or "..", so nothing lies outside of the tree. */
static void check_path(const char *path)
{
	CHECK(path[0] && strlen(path) < CAPTURE_PATH_MAX);
	for (const char *part = path;;) {
		size_t length = strcspn(part, "/");

		CHECK(length > 0);
		CHECK(!(length == 1 && part[0] == '.'));
		CHECK(!(length == 2 && memcmp(part, "..", 2) == 0));
		if (!part[length])
			return;
		part += length + 1;
	}
}

static int directory(void *context, const char *path)
{
	(void)context;
	check_path(path);
	entries++;
	return 0;
}

static int file(void *context, const char *path, const char *bytes, size_t length)
{
	char text[CAPTURE_TEXT_MAX * 4];

	(void)context;
	check_path(path);
	CHECK(length <= CAPTURE_CONTENT_MAX);
	CHECK(length == 0 || bytes[length - 1] == '\n');
	CHECK(!memchr(bytes, '\0', length));
	if (length < CAPTURE_TEXT_MAX - 8)
		CHECK(capture_escape_text(bytes, length, text, sizeof(text)) >= 0);
	entries++;
	return 0;
}

static int symlink_to(void *context, const char *path, const char *target)
{
	size_t depth = 0;

	(void)context;
	check_path(path);
	for (const char *at = path; (at = strchr(at, '/')) != NULL; at++)
		depth++;
	CHECK(target[0] && target[0] != '/');
	while (strncmp(target, "../", 3) == 0 || strcmp(target, "..") == 0) {
		CHECK(depth-- > 0);
		target += target[2] ? 3 : 2;
	}
	if (target[0])
		check_path(target);
	entries++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct capture_visitor visitor = {
		.directory = directory, .file = file, .link = symlink_to};
	unsigned line = 0;
	int r;

	entries = 0;
	r = capture_parse((const char *)data, size, &visitor, &line);
	CHECK(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
	CHECK(line <= size + 1 && entries <= size);
	return 0;
}
