/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/uki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER   64
#define TABLE    (HEADER + 24)
#define CONTENTS (TABLE + 3 * 40)
#define LENGTH   (CONTENTS + 16)

static void put_32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static void put_section(unsigned char *bytes, unsigned number, const char *name,
	uint32_t size, uint32_t raw, uint32_t at)
{
	unsigned char *section = bytes + TABLE + number * 40;

	strncpy((char *)section, name, 8);
	put_32(section + 8, size);
	put_32(section + 16, raw);
	put_32(section + 20, at);
}

/* Three sections, without an optional header; of exactly so many bytes. */
static unsigned char *new_uki(void)
{
	unsigned char *bytes = calloc(1, LENGTH);

	assert_non_null(bytes);
	memcpy(bytes, "MZ", 2);
	put_32(bytes + 60, HEADER);
	memcpy(bytes + HEADER, "PE\0\0", 4);
	bytes[HEADER + 6] = 3;
	memcpy(bytes + CONTENTS, "quiet...111.2222", 16);
	put_section(bytes, 0, ".cmdline", 5, 8, CONTENTS);
	put_section(bytes, 1, ".initrd", 3, 4, CONTENTS + 8);
	put_section(bytes, 2, ".initrd", 4, 4, CONTENTS + 12);
	return bytes;
}

static void expect(const unsigned char *bytes, size_t length, const char *name,
	unsigned number, const char *wanted)
{
	const char *at;
	size_t size;

	assert_int_equal(uki_section(bytes, length, name, number, &at, &size), 0);
	assert_int_equal(size, strlen(wanted));
	assert_memory_equal(at, wanted, size);
}

static void found(void **state)
{
	unsigned char *bytes = new_uki();
	const char *at;
	size_t size;

	(void)state;
	expect(bytes, LENGTH, ".cmdline", 0, "quiet");
	expect(bytes, LENGTH, ".initrd", 0, "111");
	expect(bytes, LENGTH, ".initrd", 1, "2222");
	assert_int_equal(uki_section(bytes, LENGTH, ".initrd", 2, &at, &size), -ENOENT);
	assert_int_equal(uki_section(bytes, LENGTH, ".uname", 0, &at, &size), -ENOENT);
	free(bytes);
}

static void bad(void **state)
{
	unsigned char *bytes = new_uki();
	const char *at;
	size_t size;

	(void)state;
	put_section(bytes, 0, ".far", 5, 8, LENGTH - 4);
	assert_int_equal(uki_section(bytes, LENGTH, ".far", 0, &at, &size), -EBADMSG);
	put_section(bytes, 0, ".far", 5, 8, UINT32_MAX);
	assert_int_equal(uki_section(bytes, LENGTH, ".far", 0, &at, &size), -EBADMSG);
	bytes[HEADER + 7] = 0xff;
	assert_int_equal(uki_section(bytes, LENGTH, ".initrd", 0, &at, &size), -EBADMSG);
	put_32(bytes + 60, UINT32_MAX);
	assert_int_equal(uki_section(bytes, LENGTH, ".initrd", 0, &at, &size), -EBADMSG);
	free(bytes);
}

/* However much of it is missing, nothing behind its end is read. */
static void cut(void **state)
{
	unsigned char *whole = new_uki();
	const char *at;
	size_t size;

	(void)state;
	for (size_t length = 1; length < LENGTH; length++) {
		unsigned char *bytes = malloc(length);

		assert_non_null(bytes);
		memcpy(bytes, whole, length);
		assert_int_equal(
			uki_section(bytes, length, ".initrd", 1, &at, &size), -EBADMSG);
		free(bytes);
	}
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(bad),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
