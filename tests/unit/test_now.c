/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/now.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONFIG "01:00.0\nkeep 02:00.0\n???\nid=10de:*\n"

static void begin(struct config *config, enum now now, const char **rules, size_t count)
{
	const struct boot_options options = {
		.now = now, .rules = rules, .rule_count = count};

	assert_int_equal(config_add_file(config, SCENE_FILE, CONFIG, strlen(CONFIG)), 0);
	config->mode = RUN_OFF;
	assert_int_equal(now_rules(&options, config), 0);
	assert_int_equal(config->mode, RUN_NORMAL);
}

static void test_bind(void **state)
{
	const char *rules[] = {"03:00.0 allow=network", "04:00.0"};
	struct config config = {0};

	(void)state;
	begin(&config, NOW_BIND, rules, 2);
	assert_int_equal(config.rule_count, 3);
	assert_int_equal(config.rules[0].action, RULE_KEEP);
	assert_int_equal(config.rules[0].source.line, 2);
	assert_int_equal(config.rules[1].action, RULE_TAKE);
	assert_int_equal(config.rules[1].terms[0].address.address.bus, 3);
	assert_int_equal(config.rules[1].allow, GUARD_BIT(GUARD_NETWORK));
	assert_int_equal(config.rules[2].terms[0].address.address.bus, 4);
	assert_int_equal(config.problem_count, 1);
	config_clear(&config);
}

/* What is left out of an incomplete config may be a keep rule: not where it is given
 * back. */
static void test_incomplete(void **state)
{
	const char *rules[] = {"02:00.0"};
	struct config config = {.incomplete = true};

	(void)state;
	begin(&config, NOW_BIND, rules, 1);
	assert_true(config.incomplete);
	config_clear(&config);
	config.incomplete = true;
	begin(&config, NOW_RELEASE, rules, 1);
	assert_false(config.incomplete);
	assert_int_equal(config.rule_count, 1);
	assert_int_equal(config.rules[0].action, RULE_TAKE);
	assert_int_equal(config.problem_count, 0);
	config_clear(&config);
}

static void test_bad_rule(void **state)
{
	const char *rules[] = {"nonsense"};
	struct config config = {0};

	(void)state;
	begin(&config, NOW_BIND, rules, 1);
	assert_int_equal(config.rule_count, 1);
	assert_int_equal(config.problem_count, 2);
	assert_contains(config.problems[1].text, "nonsense");
	config_clear(&config);
}

static size_t printed(const struct now_text *text, char *out, size_t size)
{
	FILE *file = tmpfile();
	size_t length;

	assert_non_null(file);
	assert_int_equal(now_text_print(text, file), 0);
	rewind(file);
	length = fread(out, 1, size - 1, file);
	out[length] = '\0';
	(void)fclose(file);
	return length;
}

/* What a child puts there its parent prints. */
static void test_text(void **state)
{
	struct now_text *text = now_text_make();
	struct report report = {.version = "9.9", .seen = 7}, read;
	char out[4096];
	unsigned line;
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(text);
	assert_int_equal(now_text_print(text, stdout), -ENOMEM);
	finding_add(&report.findings, SEVERITY_INFO, VERDICT_RELEASED, GUARD_NONE, NULL,
		NULL, "given back");
	pid = fork();
	if (pid == 0) {
		now_text_begin(text);
		now_text_add_report(text, &report);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(
		report_parse(out, printed(text, out, sizeof(out)), &read, &line), 0);
	assert_int_equal(read.seen, 7);
	assert_int_equal(read.findings.count, 1);
	assert_int_equal(read.findings.items[0].verdict, VERDICT_RELEASED);
	assert_string_equal(read.findings.items[0].text, "given back");
	report_clear(&read);
	report_clear(&report);
}

/* An attempt begins anew; one that has nothing to say has said so. */
static void test_lines(void **state)
{
	struct now_text *text = now_text_make();
	char out[64];

	(void)state;
	assert_non_null(text);
	now_text_begin(text);
	now_text_add(text, "left behind");
	now_text_begin(text);
	assert_int_equal(printed(text, out, sizeof(out)), 0);
	now_text_add(text, "one, ");
	now_text_add(text, "two\n");
	assert_int_equal(printed(text, out, sizeof(out)), 9);
	assert_string_equal(out, "one, two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_bad_rule),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
