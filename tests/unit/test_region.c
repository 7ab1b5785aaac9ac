/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define BLOCKS 64
#define STEPS  200000

static bool is_filled(const unsigned char *bytes, size_t size, unsigned char with)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != with)
			return false;
	return true;
}

static void test_alignment_and_size(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, REGION_LARGE - 1,
		REGION_LARGE, REGION_CHUNK, 3 * REGION_CHUNK + 1};
	struct region region = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *bytes = region_take(&region, sizes[i], true);

		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % REGION_ALIGNMENT, 0);
		assert_true(region_size(bytes) >= sizes[i]);
		assert_true(is_filled(bytes, sizes[i], 0));
		memset(bytes, 0xa5, sizes[i]);
		region_give_back(&region, bytes);
	}
}

/* The newest block's bytes are used again, and are clean where that is asked for. */
static void test_newest_is_free_again(void **state)
{
	struct region region = {0};
	unsigned char *first = region_take(&region, 100, false), *second;

	(void)state;
	memset(first, 0xa5, 100);
	region_give_back(&region, first);
	second = region_take(&region, 200, true);
	assert_ptr_equal(first, second);
	assert_true(is_filled(second, 200, 0));
}

/* So that what is taken and given back many times does not add up. */
static void test_older_waits(void **state)
{
	struct region region = {0};
	unsigned char *old = region_take(&region, 2000, false);
	unsigned char *kept = region_take(&region, 8, false), *again;

	(void)state;
	memset(old, 0xa5, 2000);
	region_give_back(&region, old);
	again = region_take(&region, 1990, true);
	assert_ptr_equal(old, again);
	assert_true(is_filled(again, 1990, 0));
	/* Nobody who wants much less gets it. */
	region_give_back(&region, again);
	assert_ptr_not_equal(region_take(&region, 500, false), old);
	assert_non_null(kept);
}

static void test_grows_in_its_place(void **state)
{
	struct region region = {0};
	unsigned char *bytes = region_take(&region, 10, false), *more, *other;

	(void)state;
	memset(bytes, 0xa5, 10);
	more = region_resize(&region, bytes, 1000);
	assert_ptr_equal(more, bytes);
	assert_ptr_equal(region_resize(&region, more, 10), more);
	assert_true(region_size(more) >= 1000);
	other = region_take(&region, 10, false);
	assert_true(other >= more + 1000);
	more = region_resize(&region, bytes, 5000);
	assert_ptr_not_equal(more, bytes);
	assert_true(is_filled(more, 10, 0xa5));
	/* Over the limit to pages of its own, and back it cannot be. */
	more = region_resize(&region, more, 2 * REGION_LARGE);
	assert_true(is_filled(more, 10, 0xa5));
	more = region_resize(&region, more, 4 * REGION_LARGE);
	assert_true(is_filled(more, 10, 0xa5));
	region_give_back(&region, more);
}

static void test_too_much(void **state)
{
	struct region region = {0};
	unsigned char *bytes = region_take(&region, 10, false);

	(void)state;
	memset(bytes, 0xa5, 10);
	assert_null(region_take(&region, SIZE_MAX, false));
	assert_null(region_take(&region, PTRDIFF_MAX, false));
	assert_null(region_resize(&region, bytes, SIZE_MAX));
	assert_null(region_resize(&region, bytes, PTRDIFF_MAX - 16));
	assert_true(is_filled(bytes, 10, 0xa5));
}

struct owned {
	unsigned char *bytes;
	size_t size;
	unsigned char with;
};

static size_t some_size(void)
{
	size_t size = (size_t)random() % 3000;

	switch (random() % 50) {
	case 0:
		return size * 100;
	case 1:
		return 0;
	default:
		return size;
	}
}

static void take_or_resize(struct region *region, struct owned *owned)
{
	size_t size = some_size(), kept = owned->size < size ? owned->size : size;
	bool zeroed = random() % 2;

	if (!owned->bytes) {
		owned->bytes = region_take(region, size, zeroed);
		assert_non_null(owned->bytes);
		assert_true(!zeroed || is_filled(owned->bytes, size, 0));
	} else {
		owned->bytes = region_resize(region, owned->bytes, size);
		assert_non_null(owned->bytes);
		assert_true(is_filled(owned->bytes, kept, owned->with));
	}
	owned->size = size;
	owned->with = (unsigned char)random();
	memset(owned->bytes, owned->with, size);
}

/* Nobody ever sees another one's bytes. */
static void test_many(void **state)
{
	struct owned all[BLOCKS] = {0};
	struct region region = {0};

	(void)state;
	srandom(1);
	for (int i = 0; i < STEPS; i++) {
		struct owned *owned = &all[random() % BLOCKS];

		if (owned->bytes) {
			assert_true(is_filled(owned->bytes, owned->size, owned->with));
			if (random() % 3) {
				region_give_back(&region, owned->bytes);
				*owned = (struct owned){0};
				continue;
			}
		}
		take_or_resize(&region, owned);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment_and_size),
		cmocka_unit_test(test_newest_is_free_again),
		cmocka_unit_test(test_older_waits),
		cmocka_unit_test(test_grows_in_its_place),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
