/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Every field has its place: magic, inode, mode, owner, group, links, mtime, size, ... */
static void head_is_as_documented(void **state)
{
	const struct cpio_entry entry = {
		.name = "a/b",
		.mode = 0100644,
		.inode = 0x12,
		.links = 1,
		.mtime = 0xfedcba98,
		.size = UINT32_MAX,
	};
	static const char expected[] = "070701"
				       "00000012"
				       "000081A4"
				       "00000000"
				       "00000000"
				       "00000001"
				       "FEDCBA98"
				       "FFFFFFFF"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000000"
				       "00000004"
				       "00000000"
				       "a/b\0\0";
	char head[CPIO_HEAD_BYTES_MAX];

	(void)state;
	memset(head, 'x', sizeof(head));
	assert_int_equal(cpio_head(&entry, head), 116);
	assert_memory_equal(head, expected, 116);
	assert_int_equal(head[116], 'x');
}

static void every_head_ends_on_four(void **state)
{
	char name[64] = "", head[CPIO_HEAD_BYTES_MAX];

	(void)state;
	for (size_t length = 1; length < sizeof(name); length++) {
		const struct cpio_entry entry = {.name = name};
		int bytes;

		name[length - 1] = 'n';
		bytes = cpio_head(&entry, head);
		assert_true(bytes >= 110 + (int)length + 1);
		assert_true(bytes < 110 + (int)length + 1 + 4);
		assert_int_equal(bytes % 4, 0);
		assert_memory_equal(head + 110, name, length + 1);
	}
}

static void limits_are_told(void **state)
{
	char *name = malloc(CPIO_NAME_BYTES_MAX + 1), *head = malloc(CPIO_HEAD_BYTES_MAX);
	struct cpio_entry entry = {.name = name};

	(void)state;
	assert_true(name && head);
	memset(name, 'n', CPIO_NAME_BYTES_MAX);
	name[CPIO_NAME_BYTES_MAX] = '\0';
	assert_int_equal(cpio_head(&entry, head), -ENAMETOOLONG);
	name[CPIO_NAME_BYTES_MAX - 1] = '\0';
	assert_int_equal(cpio_head(&entry, head), (110 + CPIO_NAME_BYTES_MAX + 3) & ~3);
	name[0] = '\0';
	assert_int_equal(cpio_head(&entry, head), -EINVAL);
	entry = (struct cpio_entry){.name = "n", .size = (uint64_t)UINT32_MAX + 1};
	assert_int_equal(cpio_head(&entry, head), -EFBIG);
	free(name);
	free(head);
}

static void padding_reaches_the_next_multiple(void **state)
{
	(void)state;
	assert_int_equal(cpio_padding(0), 0);
	assert_int_equal(cpio_padding(1), 3);
	assert_int_equal(cpio_padding(4), 0);
	assert_int_equal(cpio_padding(UINT64_MAX), 1);
	assert_int_equal(cpio_block_padding(0), 0);
	assert_int_equal(cpio_block_padding(513), 511);
	assert_int_equal(cpio_block_padding(1024), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_is_as_documented),
		cmocka_unit_test(every_head_ends_on_four),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(padding_reaches_the_next_multiple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
