/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libkmod matches names by in the static program, against the C library's. */
#include <fnmatch.h>

static int of_the_library(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0);
}

/* Meson takes no file out of another project. */
#include "../../subprojects/packagefiles/kmod/bytes/fnmatch.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 64
#define TEXT_MAX    6
#define ROUNDS      300000

static void check(const char *pattern, const char *text)
{
	int expected = of_the_library(pattern, text);
	int found = fnmatch_bytes(pattern, text, 0);

	if (found != expected)
		print_error("%s, %s: %d, the library says %d\n", pattern, text, found,
			expected);
	assert_int_equal(found, expected);
}

static void as_modprobe_has_them(void **state)
{
	static const char *const patterns[] = {"vfio_pci", "vfio_*", "*", "", "?fio_pci",
		"pci:v*d*sv*sd*bc03sc*i*", "pci:v000010DEd*", "snd[-_]hda*",
		"v[a-g]io_pci", "v[!a-g]io_pci", "vfio\\_pci", "vfio_\\*", "[", "a[",
		"[]]", "[!]]", "[a-]", "[]-a]", "*_*_*", "a**b", "*a*b*c"};
	static const char *const texts[] = {"vfio_pci", "vfio-pci", "", "vfio_*",
		"pci:v000010DEd00002206sv00001043sd000087AEbc03sc00i00", "snd_hda_intel",
		"[", "a[", "]", "a", "-", "a_b_c", "aXb", "XaXbXc", "XaXbXcX", "XcXbXa"};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++)
			check(patterns[i], texts[j]);
}

/* Whatever can stand in a pattern; what nothing closes libraries differ about. */
static void make_pattern(char pattern[PATTERN_MAX])
{
	static const char *const parts[] = {"a", "b", "c", "-", "]", "*", "?", "[ab]",
		"[!a]", "[a-c]", "[!b-c]", "[]a]", "[!]a]", "[a-]", "[*]", "[[]", "\\*",
		"\\a"};

	pattern[0] = '\0';
	for (long count = random() % 6; count > 0; count--)
		strcat(pattern,
			parts[(size_t)random() % (sizeof(parts) / sizeof(parts[0]))]);
}

static void make_text(char text[TEXT_MAX])
{
	static const char bytes[] = "abc-[]*";
	size_t length = (size_t)random() % TEXT_MAX;

	for (size_t i = 0; i < length; i++)
		text[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
	text[length] = '\0';
}

static void as_nobody_writes_them(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		char pattern[PATTERN_MAX], text[TEXT_MAX];

		make_pattern(pattern);
		make_text(text);
		check(pattern, text);
	}
}

static void long_ones_end(void **state)
{
	char text[20001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(fnmatch_bytes("*a*a*a*a*a*a*a*b", text, 0), FNM_NOMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_modprobe_has_them),
		cmocka_unit_test(as_nobody_writes_them),
		cmocka_unit_test(long_ones_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
