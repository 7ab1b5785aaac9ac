/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const verbs[] = {"list", "check", "status", "release", "image"};

static const char *nearest(const char *word)
{
	return nearest_word(word, verbs, sizeof(verbs) / sizeof(verbs[0]));
}

static void one_slip_is_understood(void **state)
{
	(void)state;
	assert_string_equal(nearest("imge"), "image");
	assert_string_equal(nearest("imagee"), "image");
	assert_string_equal(nearest("inage"), "image");
	assert_string_equal(nearest("iamge"), "image");
	assert_string_equal(nearest("relaese"), "release");
	assert_string_equal(nearest("lsit"), "list");
	assert_string_equal(nearest("list"), "list");
}

static void other_words_are_near_nothing(void **state)
{
	(void)state;
	assert_null(nearest("bind"));
	assert_null(nearest(""));
	assert_null(nearest("imagineimagineimagineimagineimagine"));
	assert_null(nearest_word("list", verbs, 0));
}

static void the_nearer_word_wins(void **state)
{
	static const char *const words[] = {"checks", "check", "chuck"};

	(void)state;
	assert_string_equal(nearest_word("chek", words, 3), "check");
	assert_string_equal(nearest_word("chuk", words, 3), "chuck");
	assert_string_equal(nearest_word("checkss", words, 3), "checks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slip_is_understood),
		cmocka_unit_test(other_words_are_near_nothing),
		cmocka_unit_test(the_nearer_word_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
