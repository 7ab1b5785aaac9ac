/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/guard_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct {
	enum guard guard;
	const char *name;
	const char *not_liftable; /* a part of it; NULL: allow= lifts it */
} rows[] = {
	{GUARD_BRIDGE, "bridge", NULL},
	{GUARD_IDENTITY, "identity", "correct"},
	{GUARD_NO_IOMMU, "no-iommu", NULL},
	{GUARD_ROOT_DISK, "root-disk", NULL},
	{GUARD_STORAGE, "storage", NULL},
	{GUARD_KEYBOARD, "keyboard", NULL},
	{GUARD_NETWORK, "network", NULL},
	{GUARD_LAST_DISPLAY, "last-display", NULL},
	{GUARD_DRIVER, "driver", "driver="},
	{GUARD_BOUND, "bound", "unbind="},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(ROW_COUNT, GUARD_COUNT - 1);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		assert_string_equal(guard_name(rows[i].guard), rows[i].name);
		assert_int_equal(guard_from_name(rows[i].name, strlen(rows[i].name)),
			rows[i].guard);
	}
	assert_string_equal(guard_name(GUARD_NONE), "");
	assert_string_equal(guard_name(GUARD_COUNT), "");
}

static void test_unknown_names(void **state)
{
	static const char *const unknown[] = {
		"", "none", "bridges", "bridg", "Bridge", "root_disk", "root-disk ", "*"};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(
			guard_from_name(unknown[i], strlen(unknown[i])), GUARD_NONE);
	assert_int_equal(guard_from_name("storage,", 7), GUARD_STORAGE);
	assert_int_equal(guard_from_name("bridge\0", 7), GUARD_NONE);
}

static void test_liftable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *words = guard_not_liftable(rows[i].guard);

		if (!rows[i].not_liftable) {
			assert_null(words);
			continue;
		}
		assert_non_null(words);
		assert_non_null(strstr(words, rows[i].not_liftable));
	}
	assert_non_null(guard_not_liftable(GUARD_NONE));
}

static void test_bits_are_distinct(void **state)
{
	guard_set all = 0;

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		assert_int_equal(all & GUARD_BIT(rows[i].guard), 0);
		all |= GUARD_BIT(rows[i].guard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_liftable),
		cmocka_unit_test(test_bits_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
