/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct config *config, const char *name, const char *text)
{
	assert_int_equal(config_add_file(config, name, text, strlen(text)), 0);
}

static void assert_problem(const struct config *config, size_t index, const char *file,
	unsigned line, unsigned column, const char *part)
{
	const struct problem *problem = &config->problems[index];

	assert_true(index < config->problem_count);
	assert_string_equal(problem->source.file, file);
	assert_int_equal(problem->source.line, line);
	assert_int_equal(problem->column, column);
	if (!strstr(problem->text, part))
		fail_msg("\"%s\" lacks \"%s\"", problem->text, part);
}

/* The rules of a text, each printed, as "RULE|RULE". */
static void assert_rules(const struct config *config, const char *expected)
{
	char all[2048] = "";

	for (size_t i = 0; i < config->rule_count; i++) {
		char one[512];

		rule_format(&config->rules[i], one, sizeof(one));
		if (i > 0)
			strcat(all, "|");
		strcat(all, one);
	}
	assert_string_equal(all, expected);
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		const char *rules;
	} rows[] = {
		{"", ""},
		{"\n\n \t \n", ""},
		{"# 01:00.0\n   # more\n#", ""},
		{"01:00.0", "0000:01:00.0"},
		{"01:00.0\n", "0000:01:00.0"},
		{"\t01:00.0 \t id=10de:2206  # the card", "0000:01:00.0 id=10de:2206"},
		{"01:00.0#glued", "0000:01:00.0"},
		{"01:00.0\r\n02:00.0\r\n", "0000:01:00.0|0000:02:00.0"},
		{"\r\n \r\n#\r\n01:00.0\r", "0000:01:00.0"},
		{"\xef\xbb\xbf"
		 "01:00.0\n02:00.0",
			"0000:01:00.0|0000:02:00.0"},
		{"\xef\xbb\xbf", ""},
		{"keep 01:00.2", "keep 0000:01:00.2"},
		{" keep\t01:00.2 id=1:2 with=slot",
			"keep 0000:01:00.2 id=0001:0002 with=slot"},
		{"01:00.0 # caf\xc3\xa9 \xff\xfe", "0000:01:00.0"},
		{"keep group=3\ngroup=3", "keep group=3|group=3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config = {0};

		add(&config, "f", rows[i].text);
		assert_int_equal(config.problem_count, 0);
		assert_rules(&config, rows[i].rules);
		config_clear(&config);
	}
}

/* A bad line is reported where it is, and the lines around it stand. */
static void test_bad_line(void **state)
{
	static const struct {
		const char *line;
		unsigned column;
		const char *part;
	} rows[] = {
		{"01:00.0 id=zz:1", 12, "VENDOR:DEVICE"},
		{"  01:00.9", 3, "BUS:DEVICE.FUNCTION"},
		{"\tfoo=1", 2, "unknown term"},
		{"keep", 5, "selects nothing"},
		{"keep 01:00.0 driver=x", 14, "keep rule"},
		{"keep  01:00.x", 7, "\"01:00.x\""},
		{"keeps 01:00.0", 1, "BUS:DEVICE.FUNCTION"},
		{"keep=01:00.0", 1, "unknown term"},
		{"KEEP 01:00.0", 1, "\"KEEP\""},
		{"\xc3\xa9 01:00.0", 1, "\\xc3\\xa9"},
		{"01:00.0 \xff", 9, "\\xff"},
		{"01:00.0\r id=1:2", 1, "\\x0d"},
		{"driver=pci-stub", 1, "selects nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config = {0};
		char text[256];

		snprintf(text, sizeof(text), "# first\n02:00.0\n%s\n03:00.0\n",
			rows[i].line);
		add(&config, "/etc/x.conf", text);
		assert_int_equal(config.problem_count, 1);
		assert_problem(
			&config, 0, "/etc/x.conf", 3, rows[i].column, rows[i].part);
		assert_rules(&config, "0000:02:00.0|0000:03:00.0");
		assert_int_equal(config.rules[1].source.line, 4);
		assert_string_equal(config.rules[1].source.file, "/etc/x.conf");
		config_clear(&config);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "01:00.0\n02:00.0 \0id=1:2\n03:00.0 # \0\n04:00.0";
	struct config config = {0};

	(void)state;
	assert_int_equal(config_add_file(&config, "f", text, sizeof(text) - 1), 0);
	assert_int_equal(config.problem_count, 1);
	assert_problem(&config, 0, "f", 2, 9, "NUL");
	assert_rules(&config, "0000:01:00.0|0000:03:00.0|0000:04:00.0");
	config_clear(&config);
}

static void test_line_limit(void **state)
{
	struct config config = {0};
	char text[CONFIG_LINE_BYTES_MAX + 32];

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "01:00.0", 7);
	memcpy(text + CONFIG_LINE_BYTES_MAX, "\r\n02:00.0", 9);
	assert_int_equal(
		config_add_file(&config, "fits", text, CONFIG_LINE_BYTES_MAX + 9), 0);
	assert_int_equal(config.problem_count, 0);
	assert_rules(&config, "0000:01:00.0|0000:02:00.0");
	memcpy(text + CONFIG_LINE_BYTES_MAX, " \n03:00.0", 9);
	assert_int_equal(
		config_add_file(&config, "over", text, CONFIG_LINE_BYTES_MAX + 9), 0);
	assert_int_equal(config.problem_count, 1);
	assert_problem(&config, 0, "over", 1, CONFIG_LINE_BYTES_MAX + 1, "1025 bytes");
	assert_rules(&config, "0000:01:00.0|0000:02:00.0|0000:03:00.0");
	config_clear(&config);
}

static void test_file_limit(void **state)
{
	char *text = malloc(CONFIG_FILE_BYTES_MAX + 1);
	struct config config = {0};

	(void)state;
	assert_non_null(text);
	memset(text, '\n', CONFIG_FILE_BYTES_MAX + 1);
	memcpy(text, "01:00.0\nbad", 11);
	assert_int_equal(
		config_add_file(&config, "over", text, CONFIG_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(config.rule_count, 0);
	assert_int_equal(config.problem_count, 1);
	assert_problem(&config, 0, "over", 0, 0, "65536");
	assert_int_equal(
		config_add_file(&config, "fits", text, CONFIG_FILE_BYTES_MAX), 0);
	assert_int_equal(config.problem_count, 2);
	assert_problem(&config, 1, "fits", 2, 1, "\"bad\"");
	assert_rules(&config, "0000:01:00.0");
	config_clear(&config);
	free(text);
}

/* COUNT lines with one rule each, the first for bus FIRST. */
static void add_rules(
	struct config *config, const char *name, unsigned count, unsigned first)
{
	char *text = calloc(count, 16), *end = text;

	assert_non_null(text);
	for (unsigned i = 0; i < count; i++)
		end += sprintf(end, "%02x:%02x.%x\n", first + i / 256, i / 8 % 32, i % 8);
	add(config, name, text);
	free(text);
}

static void test_rule_limit(void **state)
{
	struct config config = {0};
	char text[64];

	(void)state;
	add_rules(&config, "a", 3, 0);
	add_rules(&config, "b", CONFIG_RULES_MAX - 2, 0x10);
	assert_int_equal(config.rule_count, 3);
	assert_int_equal(config.problem_count, 1);
	assert_problem(&config, 0, "b", 0, 0, "512 rules");
	add_rules(&config, "c", CONFIG_RULES_MAX - 3, 0x20);
	assert_int_equal(config.rule_count, CONFIG_RULES_MAX);
	assert_int_equal(config.problem_count, 1);
	for (unsigned i = 0; i < CONFIG_RULES_MAX; i++) {
		unsigned n = i < 3 ? i : i - 3;

		rule_format(&config.rules[i], text, sizeof(text));
		assert_int_equal(config.rules[i].source.line, n + 1);
		assert_string_equal(config.rules[i].source.file, i < 3 ? "a" : "c");
		assert_int_equal(config.rules[i].terms[0].address.address.bus,
			(i < 3 ? 0 : 0x20) + n / 256);
	}
	add(&config, "d", "01:00.0");
	assert_int_equal(config.rule_count, CONFIG_RULES_MAX);
	assert_problem(&config, 1, "d", 0, 0, "512 rules");
	config_clear(&config);
}

static void test_problem_limit(void **state)
{
	struct config config = {0};
	char text[1024] = "";

	(void)state;
	for (unsigned i = 0; i < CONFIG_PROBLEMS_MAX + 8; i++)
		strcat(text, "bad\n");
	strcat(text, "01:00.0\n");
	add(&config, "f", text);
	assert_int_equal(config.problem_count, CONFIG_PROBLEMS_MAX + 8);
	for (unsigned i = 0; i < CONFIG_PROBLEMS_MAX; i++)
		assert_problem(&config, i, "f", i + 1, 1, "\"bad\"");
	assert_rules(&config, "0000:01:00.0");
	config_clear(&config);
}

static void test_files(void **state)
{
	struct config config = {0};
	const char *first, *again;
	char name[16];

	(void)state;
	assert_int_equal(config_keep_name(&config, "f0", &first), 0);
	for (unsigned i = 0; i < CONFIG_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		add(&config, name, "01:00.0");
	}
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(config.rule_count, CONFIG_FILES_MAX);
	assert_string_equal(config.rules[0].source.file, "f0");
	assert_string_equal(config.rules[63].source.file, "f63");
	assert_int_equal(config_keep_name(&config, "f0", &again), 0);
	assert_ptr_equal(first, again);
	add(&config, "one-more", "01:00.0");
	assert_int_equal(config.rule_count, CONFIG_FILES_MAX);
	assert_int_equal(config.problem_count, 1);
	assert_non_null(strstr(config.problems[0].text, "64 config files"));
	config_clear(&config);
	assert_int_equal(config.file_count, 0);
	assert_null(config.rules);
}

static void test_rule_term(void **state)
{
	struct config config = {0};

	(void)state;
	add(&config, "f", "id=10de:2206 group=14");
	assert_int_equal(config.rule_count, 1);
	assert_int_equal(rule_term(&config.rules[0], TERM_GROUP_NUMBER)->group, 14);
	assert_int_equal(rule_term(&config.rules[0], TERM_ID)->id.id.device, 0x2206);
	assert_null(rule_term(&config.rules[0], TERM_GROUP_OF));
	assert_null(rule_term(&config.rules[0], TERM_ADDRESS));
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_line),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_file_limit),
		cmocka_unit_test(test_rule_limit),
		cmocka_unit_test(test_problem_limit),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_rule_term),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
