/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/trust.h"

#include "fake_sysfs.h"
#include "machine_builder.h"
#include "scan/config_files.h"
#include "scan/sysfs_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAIN   "etc/vfio-early.conf"
#define ETC    "etc/vfio-early.conf.d"
#define RUN    "run/vfio-early.conf.d"
#define LIB    "usr/lib/vfio-early.conf.d"
#define USER   1000
#define OTHERS 1001

static bool trusted(uid_t root, uid_t owner, mode_t mode)
{
	const struct stat root_status = {.st_uid = root, .st_mode = S_IFDIR | 0755};
	const struct stat status = {.st_uid = owner, .st_mode = mode};

	return trust_status(&root_status, &status);
}

static void test_status(void **state)
{
	(void)state;
	assert_true(trusted(0, 0, S_IFREG | 0644));
	assert_true(trusted(0, 0, S_IFREG | 0600));
	assert_true(trusted(0, 0, S_IFREG | 0400));
	assert_true(trusted(0, 0, S_IFDIR | 0755));
	assert_true(trusted(0, 0, S_IFREG | 04755));
	assert_false(trusted(0, 0, S_IFREG | 0664));
	assert_false(trusted(0, 0, S_IFREG | 0646));
	assert_false(trusted(0, 0, S_IFREG | 0602));
	assert_false(trusted(0, 0, S_IFDIR | 0775));
	assert_false(trusted(0, 0, S_IFDIR | 01777));
	assert_false(trusted(0, USER, S_IFREG | 0644));
	assert_false(trusted(0, USER, S_IFREG | 0400));
	/* A user's copy of a system. */
	assert_true(trusted(USER, USER, S_IFREG | 0664));
	assert_true(trusted(USER, 0, S_IFREG | 0644));
	assert_true(trusted(USER, OTHERS, S_IFDIR | 0777));
}

/* Everything below needs files of several owners, which only root can make. */
static void needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

static struct fake fake;
static struct config config;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	config = (struct config){0};
	fake_file(&fake, MAIN, "01:00.0\n");
	fake_file(&fake, ETC "/a.conf", "02:00.0\n");
	fake_file(&fake, RUN "/b.conf", "03:00.0\n");
	fake_file(&fake, LIB "/c.conf", "04:00.0\n");
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

/* Whether PATH, and it alone, is spoken of, with the command that mends it. */
static void assert_refused(const char *path, const char *command)
{
	read_files();
	if (config.problem_count != 1)
		fail_msg("%s: %zu problems", path, config.problem_count);
	assert_true(config.incomplete);
	assert_string_equal(config.problems[0].source.file, path);
	assert_contains(config.problems[0].text, "others than root can change it");
	assert_contains(config.problems[0].text, command);
}

static const struct {
	const char *path;
	const char *mended; /* what the command names */
	bool folder;
} places[] = {
	{"etc", "root: /etc &&", true},
	{MAIN, "root: /" MAIN " &&", false},
	{ETC, "-R root: /" ETC " &&", true},
	{ETC "/a.conf", "-R root: /" ETC " &&", false},
	{RUN, "-R root: /" RUN " &&", true},
	{RUN "/b.conf", "-R root: /" RUN " &&", false},
	{LIB, "-R root: /" LIB " &&", true},
	{LIB "/c.conf", "-R root: /" LIB " &&", false},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void set(const char *path, uid_t owner, mode_t mode)
{
	assert_int_equal(fchownat(fake.root, path, owner, owner, 0), 0);
	assert_int_equal(fchmodat(fake.root, path, mode, 0), 0);
}

/* Each file and each folder in turn, with each of the things that are wrong. */
static void test_places(void **state)
{
	static const struct {
		uid_t owner;
		mode_t more;
	} rows[] = {{USER, 0}, {0, S_IWGRP}, {0, S_IWOTH}, {0, S_IWOTH | S_ISVTX},
		{USER, S_IWGRP | S_IWOTH}};

	(void)state;
	needs_root();
	for (size_t i = 0; i < PLACES; i++) {
		mode_t usual = places[i].folder ? 0755 : 0644;
		char name[64];

		snprintf(name, sizeof(name), "/%s", places[i].path);
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
			set(places[i].path, rows[j].owner, usual | rows[j].more);
			assert_refused(name, places[i].mended);
		}
		set(places[i].path, 0, usual);
		read_files();
		assert_int_equal(config.problem_count, 0);
		assert_int_equal(config.rule_count, 4);
		assert_false(config.incomplete);
	}
}

/* It is the file behind a link that counts. */
static void test_link(void **state)
{
	(void)state;
	needs_root();
	fake_remove(&fake, MAIN);
	fake_file(&fake, "home/rules", "01:00.0\n");
	fake_link(&fake, MAIN, "../home/rules");
	read_files();
	assert_int_equal(config.problem_count, 0);
	set("home/rules", USER, 0644);
	assert_refused("/" MAIN, "root: /" MAIN " &&");
}

/* What is typed as root must not come from whoever could write the folder. */
static void test_name_is_no_command(void **state)
{
	static const char name[] = ETC "/$(reboot);.conf";

	(void)state;
	needs_root();
	fake_file(&fake, name, "01:00.0\n");
	set(name, USER, 0644);
	assert_refused("/" ETC "/$(reboot);.conf", "-R root: /" ETC " &&");
	assert_lacks(config.problems[0].text, "reboot)");
}

/* Nothing of a file that is not trusted becomes a rule; the others are read. */
static void test_rules(void **state)
{
	(void)state;
	needs_root();
	set(MAIN, USER, 0644);
	read_files();
	assert_int_equal(config.rule_count, 3);
	assert_int_equal(config.rules[0].terms[0].address.address.bus, 2);
	set(MAIN, 0, 0644);
	set(ETC, USER, 0755);
	read_files();
	assert_int_equal(config.rule_count, 3);
	assert_int_equal(config.rules[0].terms[0].address.address.bus, 1);
	assert_int_equal(config.rules[1].terms[0].address.address.bus, 3);
}

static void test_copy_of_a_system(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(chown(fake.path, USER, USER), 0);
	for (size_t i = 0; i < PLACES; i++)
		set(places[i].path, OTHERS, places[i].folder ? 0777 : 0666);
	read_files();
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(config.rule_count, 4);
}

static void test_file_read(void **state)
{
	char *bytes = NULL;
	size_t length = 0;

	(void)state;
	needs_root();
	set(MAIN, 0, 0666);
	assert_int_equal(file_read(fake.root, MAIN, 100, &bytes, &length), -EKEYREJECTED);
	assert_null(bytes);
	set(MAIN, 0, 0644);
	assert_int_equal(file_read(fake.root, MAIN, 100, &bytes, &length), 0);
	free(bytes);
	assert_int_equal(trust_folder(fake.root, "nowhere"), 0);
	assert_int_equal(trust_folder(fake.root, MAIN "/x"), -ENOTDIR);
	assert_int_equal(trust_fd(fake.root, -1), -EBADF);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		test(test_places),
		test(test_link),
		test(test_name_is_no_command),
		test(test_rules),
		test(test_copy_of_a_system),
		test(test_file_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
