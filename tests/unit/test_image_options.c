/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/image_options.h"

#include "cli/complain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 80

static struct image_options options;
static char told[1024];

/* Reads the words of TEXT as a command line, with what is told to the user in *told*. */
static int reading(const char *text)
{
	static char copy[2048];
	char *argv[WORDS_MAX + 1];
	int argc = 0, saved = dup(STDERR_FILENO), r;
	FILE *file = tmpfile();
	size_t length;

	snprintf(copy, sizeof(copy), "image %s", text);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	argv[argc] = NULL;
	assert_non_null(file);
	(void)dup2(fileno(file), STDERR_FILENO);
	r = image_options_read(argc, argv, &options);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	length = fread(told, 1, sizeof(told) - 1, file);
	told[length] = '\0';
	(void)fclose(file);
	return r;
}

static void assert_refused(const char *text, const char *why)
{
	memset(&options, 0x5a, sizeof(options));
	assert_int_equal(reading(text), EXIT_USAGE);
	if (!strstr(told, why))
		fail_msg("\"%s\": told %s instead of %s", text, told, why);
	assert_non_null(strstr(told, "ee vfio-early image --help\n"));
	for (size_t i = 0; i < sizeof(options); i++)
		assert_int_equal(((unsigned char *)&options)[i], 0x5a);
}

static void reads_what_is_given(void **state)
{
	(void)state;
	assert_int_equal(reading("-o out"), 0);
	assert_string_equal(options.output, "out");
	assert_int_equal(options.kernel_count, 0);
	assert_false(options.all_kernels);
	assert_int_equal(
		reading("--kernel 6.1.0-9-amd64 --kernel=6.12 --output=- --kernel 6.12 "
			"--initrd a --initrd=b"),
		0);
	assert_string_equal(options.output, "-");
	assert_int_equal(options.kernel_count, 2);
	assert_string_equal(options.kernels[0], "6.1.0-9-amd64");
	assert_string_equal(options.kernels[1], "6.12");
	assert_int_equal(options.initrd_count, 2);
	assert_string_equal(options.initrds[1], "b");
	assert_int_equal(reading("--kernel all -oout"), 0);
	assert_true(options.all_kernels);
	assert_int_equal(options.kernel_count, 0);
	assert_int_equal(reading("--help"), 0);
	assert_true(options.help);
	assert_string_equal(told, "");
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("", "expected -o FILE");
	assert_refused("-o", "-o wants a value");
	assert_refused("-o out --kernel", "--kernel wants a value");
	assert_refused("-o out --initrd", "--initrd wants a value");
	assert_refused("-o a -o b", "-o was given twice");
	assert_refused("-o ''", "expected -o FILE");
	assert_refused("-o out --kernel ''", "expected --kernel=VERSION");
	assert_refused("-o out --kernel /lib/modules/6.1", "expected --kernel=VERSION");
	assert_refused("-o out --kernel ..", "expected --kernel=VERSION");
	assert_refused("-o out --initrd ''", "expected --initrd=FILE");
	assert_refused("-o out 6.1", "unexpected argument 6.1");
	assert_refused("-o out -k 6.1", "no option -k");
	assert_refused("-o out --kernels 6.1", "no option --kernels");
	assert_refused("-o out --help=yes", "no option");
}

static void has_limits(void **state)
{
	char text[1500] = "-o out";

	(void)state;
	for (int i = 0; i <= IMAGE_KERNELS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " --kernel=%d",
			i);
	assert_refused(text, "more than 64 kernels");
	snprintf(text, sizeof(text), "-o out");
	for (int i = 0; i <= IMAGE_INITRDS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " --initrd=%d",
			i);
	assert_refused(text, "more than 16 files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_given),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
