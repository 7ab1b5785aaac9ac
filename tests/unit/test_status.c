/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How status ends, and what it says of the boot besides its rows. */
#include "cli/status.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 4
#define CARD      "pci0000:00/0000:00:01.0/0000:01:00.0 10de:2206:1043:87d2 040300 group=1"
#define HEAD      "vfio-early-report 1\nversion=1 mode=normal seen=2 elapsed_ms=3 hung=0\n"
#define BOUND                                                                            \
	"finding severity=6 verdict=bound guard= device=0000:01:00.0 "                   \
	"id=10de:2206:1043:87d2 class=040300 driver=vfio-pci "                           \
	"origin=/etc/vfio-early.conf:1 text=bound%20to%20vfio-pci\n"
#define PROBLEM                                                                          \
	"finding severity=3 verdict=problem guard= driver= "                             \
	"origin=/etc/vfio-early.conf:2:9 text=unknown%20term;%20expected%20an%20"        \
	"address,%20or%20one%20of%20many%20other%20words%20that%20make%20it%20long\n"
#define SAID                                                                             \
	"- /etc/vfio-early.conf:2:9: unknown term; expected an address, or one of many " \
	"other words that make it long\n"

static struct fake fake;
static char said[4096];

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	fake_function(&fake, CARD " driver=vfio-pci");
	fake_directory(&fake, "sys/class/iommu/dmar0");
	fake_file(&fake, "etc/vfio-early.conf", "01:00.0 id=10de:2206\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

/* The exit status; what is printed is in said. */
static int status(const char *option)
{
	char words[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1] = {words[0], words[1], words[2], words[3]};
	int saved = dup(STDOUT_FILENO), r;
	FILE *file = tmpfile();

	assert_non_null(file);
	snprintf(words[0], sizeof(words[0]), "status");
	snprintf(words[1], sizeof(words[1]), "--quiet");
	snprintf(words[2], sizeof(words[2]), "--sysroot=%s", fake.path);
	snprintf(words[3], sizeof(words[3]), "%s", option);
	fflush(stdout);
	(void)dup2(fileno(file), STDOUT_FILENO);
	r = status_main(WORDS_MAX, argv);
	fflush(stdout);
	(void)dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return r;
}

static void test_nothing_differs(void **state)
{
	(void)state;
	fake_file(&fake, "run/vfio-early/report", HEAD BOUND);
	assert_int_equal(status("--no-color"), EXIT_SUCCESS);
	assert_contains(said, "1 bound, 0 refused");
	assert_lacks(said, "\n  - ");
	assert_int_equal(status("--json"), EXIT_SUCCESS);
}

/* A line that was not understood is one that the boot did not do, whatever is there now.
 */
static void test_problem_at_the_boot(void **state)
{
	(void)state;
	fake_file(&fake, "run/vfio-early/report", HEAD BOUND PROBLEM);
	assert_int_equal(status("--no-color"), EXIT_FAILURE);
	assert_contains(said, "  " SAID);
	assert_int_equal(status("--json"), EXIT_FAILURE);
	assert_lacks(said, "unknown term");
	/* It was the only rule, so there is no device to show. */
	fake_file(&fake, "etc/vfio-early.conf", "\n01:00.0 wiht=slot\n");
	fake_file(&fake, "run/vfio-early/report", HEAD PROBLEM);
	assert_int_equal(status("--no-color"), EXIT_FAILURE);
	assert_contains(said, SAID);
	/* As wide as the terminal is. */
	setenv("COLUMNS", "40", 1);
	assert_int_equal(status("--no-color"), EXIT_FAILURE);
	unsetenv("COLUMNS");
	assert_contains(
		said, "\n  - /etc/vfio-early.conf:2:9: unknown\n    term; expected ");
}

/* One since that boot: what the next one makes of it is for check to say. */
static void test_problem_since(void **state)
{
	(void)state;
	fake_file(&fake, "etc/vfio-early.conf",
		"01:00.0 id=10de:2206\n01:00.0 wiht=slot\n");
	fake_file(&fake, "run/vfio-early/report", HEAD BOUND);
	assert_int_equal(status("--no-color"), EXIT_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_differs, begin, end),
		cmocka_unit_test_setup_teardown(test_problem_at_the_boot, begin, end),
		cmocka_unit_test_setup_teardown(test_problem_since, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
