/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "cli/boot_image.h"
#include "cli/stream_end.h"
#include "cli/uki.h"

#include <errno.h>

/* What decompresses to more says nothing new. */
#define ENTRIES_MAX 4096

static bool wants(void *context, const char *path)
{
	(void)context;
	CHECK(path[0] != '/' && strncmp(path, "./", 2) != 0);
	return true;
}

static int entry(
	void *context, const char *path, bool is_link, const char *bytes, size_t length)
{
	unsigned *entries = context;

	CHECK(path && (bytes || (length == 0 && !is_link)));
	CHECK(length <= BOOT_IMAGE_FILE_MAX);
	for (size_t i = 0; i < length; i++)
		*(volatile const char *)&bytes[i];
	return ++*entries < ENTRIES_MAX ? 0 : -ENOMEM;
}

static void read_image(const void *bytes, size_t length)
{
	char problem[BOOT_IMAGE_PROBLEM_MAX];
	unsigned entries = 0;
	const struct boot_image_visitor visitor = {
		.context = &entries, .wants = wants, .entry = entry};
	int r = boot_image_read(bytes, length, &visitor, problem);

	CHECK(r == 0 || r == -ENOMEM || (r == -EBADMSG && problem[0]));
	CHECK(memchr(problem, '\0', sizeof(problem)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at;
	size_t length;

	CHECK(stream_end(data, size) <= size);
	read_image(data, size);
	if (uki_section(data, size, ".initrd", 0, &at, &length) == 0) {
		CHECK((const uint8_t *)at >= data && length <= size);
		CHECK((size_t)((const uint8_t *)at - data) <= size - length);
		read_image(at, length);
	}
	return 0;
}
