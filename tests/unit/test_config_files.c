/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/config_files.h"

#include "core/cmdline.h"
#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_SECONDS 20
#define MAIN         "etc/vfio-early.conf"
#define ETC          "etc/vfio-early.conf.d/"
#define RUN          "run/vfio-early.conf.d/"
#define LIB          "usr/lib/vfio-early.conf.d/"

static struct fake fake;
static struct config config;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	config = (struct config){0};
	return 0;
}

static int end(void **state)
{
	(void)state;
	config_clear(&config);
	fake_end(&fake);
	return 0;
}

static void read_files(void)
{
	config_clear(&config);
	assert_int_equal(config_files_read(&config, fake.root), 0);
}

/* The rules in order, as "FILE:BUS FILE:BUS". Every test rule is an address. */
static const char *rules(void)
{
	static char text[1024];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < config.rule_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%02x",
			i ? " " : "", config.rules[i].source.file,
			config.rules[i].terms[0].address.address.bus);
	assert_true(used < sizeof(text));
	return text;
}

static void assert_problem(const char *file, const char *part)
{
	if (config.problem_count != 1)
		fail_msg("%s: %zu problems", part, config.problem_count);
	if (file)
		assert_string_equal(config.problems[0].source.file, file);
	assert_contains(config.problems[0].text, part);
}

static void test_nothing(void **state)
{
	(void)state;
	read_files();
	assert_int_equal(config.rule_count, 0);
	assert_int_equal(config.problem_count, 0);
	assert_false(config.incomplete);
}

static void test_order(void **state)
{
	(void)state;
	fake_file(&fake, LIB "50-c.conf", "05:00.0\n");
	fake_file(&fake, RUN "10-b.conf", "03:00.0\n");
	fake_file(&fake, ETC "20-a.conf", "04:00.0\n");
	fake_file(&fake, ETC "Z.conf", "06:00.0\n");
	fake_file(&fake, ETC "a.conf", "07:00.0\n");
	fake_file(&fake, RUN "9.conf", "08:00.0\n");
	fake_file(&fake, LIB "\xc3\xa4.conf", "09:00.0\n");
	fake_file(&fake, MAIN, "01:00.0\n02:00.0\n");
	read_files();
	assert_int_equal(config.problem_count, 0);
	assert_string_equal(rules(),
		"/" MAIN ":01 /" MAIN ":02 /" RUN "10-b.conf:03 /" ETC
		"20-a.conf:04 /" LIB "50-c.conf:05 /" RUN "9.conf:08 /" ETC
		"Z.conf:06 /" ETC "a.conf:07 /" LIB "\xc3\xa4.conf:09");
	assert_int_equal(config.rules[1].source.line, 2);
	assert_false(config.incomplete);
}

static void test_precedence(void **state)
{
	(void)state;
	fake_file(&fake, ETC "a.conf", "01:00.0\n");
	fake_file(&fake, RUN "a.conf", "02:00.0\n");
	fake_file(&fake, LIB "a.conf", "03:00.0\n");
	fake_file(&fake, RUN "b.conf", "04:00.0\n");
	fake_file(&fake, LIB "b.conf", "05:00.0\n");
	fake_file(&fake, LIB "c.conf", "06:00.0\n");
	read_files();
	assert_string_equal(
		rules(), "/" ETC "a.conf:01 /" RUN "b.conf:04 /" LIB "c.conf:06");
	assert_int_equal(config.problem_count, 0);
}

static void test_masks(void **state)
{
	(void)state;
	fake_file(&fake, ETC "empty.conf", "");
	fake_link(&fake, ETC "null.conf", "/dev/null");
	fake_link(&fake, RUN "run.conf", "/dev/null");
	fake_file(&fake, ETC "comment.conf", "# nothing\n");
	fake_file(&fake, LIB "empty.conf", "01:00.0\n");
	fake_file(&fake, RUN "null.conf", "02:00.0\n");
	fake_file(&fake, LIB "null.conf", "03:00.0\n");
	fake_file(&fake, LIB "run.conf", "04:00.0\n");
	fake_file(&fake, LIB "comment.conf", "05:00.0\n");
	/* What cannot be used masks as well: it was meant to be in the other's place. */
	fake_directory(&fake, ETC "dir.conf");
	fake_file(&fake, LIB "dir.conf", "06:00.0\n");
	/* A mask below does not hide what is above it. */
	fake_link(&fake, LIB "top.conf", "/dev/null");
	fake_file(&fake, ETC "top.conf", "07:00.0\n");
	read_files();
	assert_string_equal(rules(), "/" ETC "top.conf:07");
	assert_true(config.incomplete);
	assert_problem("/" ETC "dir.conf", "is a directory");
}

static void test_main_masked(void **state)
{
	(void)state;
	fake_link(&fake, MAIN, "/dev/null");
	read_files();
	assert_int_equal(config.rule_count, 0);
	assert_int_equal(config.problem_count, 0);
}

static void test_other_names(void **state)
{
	static const char *const names[] = {"README", "a.conf~", "a.conf.bak", "a.CONF",
		".conf", "conf", "a.conf.dpkg-old"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), ETC "%s", names[i]);
		fake_file(&fake, path, "01:00.0\n");
	}
	fake_directory(&fake, ETC "sub");
	fake_file(&fake, ETC "sub/a.conf", "02:00.0\n");
	read_files();
	assert_int_equal(config.rule_count, 0);
	assert_int_equal(config.problem_count, 0);
}

/* Links that lead somewhere are followed. */
static void test_links(void **state)
{
	(void)state;
	fake_file(&fake, "etc/real", "01:00.0\n");
	fake_link(&fake, MAIN, "real");
	fake_link(&fake, ETC "a.conf", "../real");
	read_files();
	assert_string_equal(rules(), "/" MAIN ":01 /" ETC "a.conf:01");
}

static void make_directory(const char *path)
{
	fake_directory(&fake, path);
}

static void make_fifo(const char *path)
{
	fake_fifo(&fake, path);
}

static void make_loop(const char *path)
{
	fake_link(&fake, path, strrchr(path, '/') + 1);
}

static void make_dangling(const char *path)
{
	fake_link(&fake, path, "nowhere");
}

static void make_through_file(const char *path)
{
	fake_link(&fake, path, "/dev/null/x");
}

static void make_large(const char *path)
{
	fake_bytes(&fake, path, CONFIG_FILE_BYTES_MAX + 1, '\n');
}

/* A file of 1 GiB that takes no room on the disk. */
static void make_sparse(const char *path)
{
	int fd;

	fake_file(&fake, path, "01:00.0\n");
	fd = openat(fake.root, path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	close(fd);
}

/* Each in the place of the main file and of a drop-in; the other one is used. */
static void test_unusable(void **state)
{
	static const struct {
		void (*make)(const char *path);
		const char *words;
	} rows[] = {{make_directory, "is a directory"}, {make_fifo, "no regular file"},
		{make_loop, "loop of symbolic links"},
		{make_dangling, "links to \"nowhere\", which is not there"},
		{make_through_file, "Not a directory"}, {make_large, "larger than 65536"},
		{make_sparse, "larger than 65536"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].make(MAIN);
		fake_file(&fake, ETC "a.conf", "01:00.0\n");
		read_files();
		assert_problem("/" MAIN, rows[i].words);
		assert_true(config.incomplete);
		assert_string_equal(rules(), "/" ETC "a.conf:01");
		fake_remove(&fake, "etc");
		rows[i].make(ETC "a.conf");
		fake_file(&fake, MAIN, "02:00.0\n");
		read_files();
		assert_problem("/" ETC "a.conf", rows[i].words);
		assert_string_equal(rules(), "/" MAIN ":02");
		fake_remove(&fake, "etc");
	}
}

static void test_largest(void **state)
{
	(void)state;
	fake_bytes(&fake, MAIN, CONFIG_FILE_BYTES_MAX, '\n');
	read_files();
	assert_int_equal(config.problem_count, 0);
}

/* In place of the directory of drop-ins. */
static void test_unusable_directory(void **state)
{
	static const char path[] = "etc/vfio-early.conf.d";

	(void)state;
	fake_file(&fake, MAIN, "01:00.0\n");
	fake_file(&fake, RUN "a.conf", "02:00.0\n");
	fake_file(&fake, path, "");
	read_files();
	assert_problem("/etc/vfio-early.conf.d", "Not a directory");
	assert_true(config.incomplete);
	fake_remove(&fake, path);
	fake_fifo(&fake, path);
	read_files();
	assert_problem("/etc/vfio-early.conf.d", "Not a directory");
	fake_remove(&fake, path);
	fake_link(&fake, path, "vfio-early.conf.d");
	read_files();
	assert_problem("/etc/vfio-early.conf.d", "symbolic links");
	fake_remove(&fake, path);
	fake_link(&fake, path, "nowhere");
	read_files();
	assert_problem("/etc/vfio-early.conf.d", "links to \"nowhere\"");
	assert_true(config.incomplete);
	assert_string_equal(rules(), "/" MAIN ":01 /" RUN "a.conf:02");
}

static void add_drop_ins(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char path[64], rule[32];

		snprintf(path, sizeof(path), ETC "%03u.conf", i);
		snprintf(rule, sizeof(rule), "%02x:00.0\n", i);
		fake_file(&fake, path, rule);
	}
}

/* A file of its own for each rule, up to the limit; past it none, and it is said. */
static void test_many(void **state)
{
	(void)state;
	fake_file(&fake, MAIN, "ff:00.0\n");
	add_drop_ins(CONFIG_FILES_MAX - 2);
	read_files();
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(config.rule_count, CONFIG_FILES_MAX - 1);
	fake_file(&fake, "proc/cmdline", "vfio_early.take=01:00.0");
	assert_int_equal(config_cmdline_read(&config, fake.root), 0);
	assert_int_equal(config.problem_count, 0);
	assert_non_null(config.rules[config.rule_count - 1].source.file);
	add_drop_ins(CONFIG_FILES_MAX - 1);
	read_files();
	assert_problem(NULL, "more than 62 drop-in files");
	assert_true(config.incomplete);
}

static void read_cmdline(void)
{
	config_clear(&config);
	assert_int_equal(config_cmdline_read(&config, fake.root), 0);
}

static void test_cmdline(void **state)
{
	(void)state;
	fake_file(&fake, "proc/cmdline",
		"quiet vfio_early.take=01:00.0 vfio_early=dry-run\n");
	read_cmdline();
	assert_int_equal(config.mode, RUN_DRY);
	assert_int_equal(config.rule_count, 1);
	assert_int_equal(config.rules[0].source.line, 0);
	assert_string_equal(config.rules[0].source.file, CMDLINE_NAME);
	fake_file(&fake, "proc/cmdline", "quiet vfio_early=off\n");
	read_cmdline();
	assert_int_equal(config.mode, RUN_OFF);
	fake_file(&fake, "proc/cmdline", "");
	read_cmdline();
	assert_int_equal(config.mode, RUN_NORMAL);
	assert_int_equal(config.problem_count, 0);
}

static void test_cmdline_missing(void **state)
{
	(void)state;
	fake_remove(&fake, "proc/cmdline");
	read_cmdline();
	assert_problem("/proc/cmdline", "No such file");
	assert_true(config.incomplete);
}

/* The switch that gets a machine out of trouble must not be lost with the rest: either it
 * is found, or nothing is done. */
static void test_cmdline_too_long(void **state)
{
	static char text[CMDLINE_BYTES_MAX + 1000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "vfio_early=off ", 15);
	fake_file(&fake, "proc/cmdline", text);
	read_cmdline();
	assert_true(config.mode == RUN_OFF || config.incomplete);
	assert_int_equal(config.problem_count, 1);
	assert_lacks(config.problems[0].text, "65536");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nothing),
		test(test_order),
		test(test_precedence),
		test(test_masks),
		test(test_main_masked),
		test(test_other_names),
		test(test_links),
		test(test_unusable),
		test(test_largest),
		test(test_unusable_directory),
		test(test_many),
		test(test_cmdline),
		test(test_cmdline_missing),
		test(test_cmdline_too_long),
	};

	alarm(HANG_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
