/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/capture_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC CAPTURE_MAGIC "\n"

/* Every entry as a line: "d PATH", "f PATH|BYTES", "l PATH|TARGET". */
static char seen[4096];

static int note(const char *kind, const char *path, const char *more, size_t length)
{
	size_t used = strlen(seen);

	snprintf(seen + used, sizeof(seen) - used, "%s %s%s%.*s\n", kind, path,
		more ? "|" : "", (int)length, more ? more : "");
	return 0;
}

static int directory(void *context, const char *path)
{
	(void)context;
	return note("d", path, NULL, 0);
}

static int file(void *context, const char *path, const char *bytes, size_t length)
{
	(void)context;
	return note("f", path, bytes, length);
}

static int symlink_to(void *context, const char *path, const char *target)
{
	(void)context;
	return note("l", path, target, strlen(target));
}

static int parse(const char *text, unsigned *line)
{
	const struct capture_visitor visitor = {
		.directory = directory, .file = file, .link = symlink_to};

	seen[0] = '\0';
	return capture_parse(text, strlen(text), &visitor, line);
}

static void expect(const char *text, const char *entries)
{
	unsigned line = 0;

	assert_int_equal(parse(text, &line), 0);
	assert_string_equal(seen, entries);
}

/* BODY stands behind the first line. */
static void refuse(const char *body, unsigned at)
{
	char text[2048];
	unsigned line = 0;

	snprintf(text, sizeof(text), MAGIC "%s", body);
	assert_int_equal(parse(text, &line), -EBADMSG);
	assert_int_equal(line, at);
}

static void test_entries(void **state)
{
	(void)state;
	expect(MAGIC "# comment\n"
		     "\n"
		     "[sys/a]\n"
		     "one = text of it\n"
		     "two -> ../b/c\n"
		     "0000:00:01.0 -> x\n"
		     "[proc]\n"
		     "swaps:\n"
		     "\tfirst\n"
		     "\t\tsecond\n"
		     "none:\n"
		     "empty = ",
		"d sys/a\n"
		"f sys/a/one|text of it\n\n"
		"l sys/a/two|../b/c\n"
		"l sys/a/0000:00:01.0|x\n"
		"d proc\n"
		"f proc/swaps|first\n\tsecond\n\n"
		"f proc/none|\n"
		"f proc/empty|\n\n");
}

static void test_escapes(void **state)
{
	(void)state;
	expect(MAGIC "[a]\n"
		     "with\\x20space = \\x5c040\\x0a\n",
		"d a\nf a/with space|\\040\n\n\n");
	refuse("[a]\nb = \\x4\n", 3);
	refuse("[a]\nb = \\x00\n", 3);
	refuse("[a]\nb = \\n\n", 3);
	refuse("[a]\nb = \\\n", 3);
}

static void test_format(void **state)
{
	unsigned line = 0;

	(void)state;
	assert_int_equal(parse("", &line), -EPROTONOSUPPORT);
	assert_int_equal(parse("vfio-early-capture 2\n", &line), -EPROTONOSUPPORT);
	assert_int_equal(parse("vfio-early-capture 11\n", &line), -EPROTONOSUPPORT);
	assert_int_equal(line, 1);
	expect(CAPTURE_MAGIC, "");
}

static void test_malformed(void **state)
{
	(void)state;
	refuse("a = outside of a directory\n", 2);
	refuse("\tbelongs to no file\n", 2);
	refuse("[a]\nb = c\n\tbelongs to no file\n", 4);
	refuse("[a\n", 2);
	refuse("[]\n", 2);
	refuse("[a]\nb\n", 3);
	refuse("[a]\nb c\n", 3);
	refuse("[a]\nb =c\n", 3);
	refuse("[a]\nb ->\n", 3);
	refuse("[a]\nb -> \n", 3);
	refuse("[a]\n = c\n", 3);
	refuse("[a]\n:\n", 3);
}

/* Nothing may lie, or lead, outside of the tree. */
static void test_escaping_paths(void **state)
{
	(void)state;
	refuse("[/etc]\n", 2);
	refuse("[..]\n", 2);
	refuse("[a/../b]\n", 2);
	refuse("[a/.]\n", 2);
	refuse("[a//b]\n", 2);
	refuse("[a/]\n", 2);
	refuse("[\\x2fetc]\n", 2);
	refuse("[a]\n../b = c\n", 3);
	refuse("[a]\n\\x2e\\x2e = c\n", 3);
	refuse("[a]\nb -> /etc/shadow\n", 3);
	refuse("[a]\nb -> ../../etc\n", 3);
	refuse("[a/b]\nc -> ../../..\n", 3);
	/* Lexically inside, but not where x is a link itself. */
	refuse("[a/b]\nc -> x/../d\n", 3);
	expect(MAGIC "[a/b]\nc -> ../..\n", "d a/b\nl a/b/c|../..\n");
	expect(MAGIC "[a/b]\nc -> ../../d/e\n", "d a/b\nl a/b/c|../../d/e\n");
}

static void test_limits(void **state)
{
	static char text[CAPTURE_TEXT_MAX * 2];
	unsigned line = 0;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, MAGIC "[", strlen(MAGIC "["));
	text[sizeof(text) - 2] = ']';
	assert_int_equal(parse(text, &line), -EBADMSG);
	memcpy(text, MAGIC "[a]\nb = ", strlen(MAGIC "[a]\nb = "));
	assert_int_equal(parse(text, &line), -EBADMSG);
	assert_int_equal(line, 3);
	assert_int_equal(
		capture_parse(MAGIC "\0", strlen(MAGIC) + 1, NULL, &line), -EBADMSG);
}

static void test_content_limit(void **state)
{
	static const char head[] = MAGIC "[a]\nb:\n";
	size_t size = 2 * CAPTURE_CONTENT_MAX, used = sizeof(head) - 1;
	char *text = malloc(size);
	unsigned line = 0;

	(void)state;
	assert_non_null(text);
	memcpy(text, head, sizeof(head));
	while (used + 64 < size) {
		memset(text + used, 'x', 62);
		text[used] = '\t';
		text[used + 62] = '\n';
		text[used + 63] = '\0';
		used += 63;
	}
	assert_int_equal(parse(text, &line), -EBADMSG);
	assert_true(line > 1000);
	free(text);
}

static int stop(void *context, const char *path)
{
	(void)context;
	(void)path;
	return -EINTR;
}

static void test_visitor_stops(void **state)
{
	const struct capture_visitor visitor = {
		.directory = stop, .file = file, .link = symlink_to};
	unsigned line = 0;

	(void)state;
	assert_int_equal(
		capture_parse(MAGIC "\n[a]\n[b]\n", strlen(MAGIC) + 9, &visitor, &line),
		-EINTR);
	assert_int_equal(line, 3);
}

static void test_round_trip(void **state)
{
	static const char name[] = "a [b] #c = \\ \t";
	static const char content[] = "x \\ \001\177 = -> :";
	char escaped_name[128], escaped[128], text[512], expected[256];

	(void)state;
	assert_true(capture_escape_name(name, escaped_name, sizeof(escaped_name)) > 0);
	assert_true(capture_escape_text(
			    content, strlen(content), escaped, sizeof(escaped)) > 0);
	snprintf(text, sizeof(text), MAGIC "[d]\n%s = %s\n", escaped_name, escaped);
	snprintf(expected, sizeof(expected), "d d\nf d/%s|%s\n\n", name, content);
	expect(text, expected);
	assert_int_equal(capture_escape_text("\001", 1, escaped, 4), -EFBIG);
	assert_int_equal(capture_escape_text("\001", 1, escaped, 6), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_escaping_paths),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_content_limit),
		cmocka_unit_test(test_visitor_stops),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
