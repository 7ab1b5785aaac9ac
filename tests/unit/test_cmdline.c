/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse(struct config *config, const char *line)
{
	*config = (struct config){0};
	assert_int_equal(cmdline_parse(config, line, strlen(line)), 0);
}

static void test_mode(void **state)
{
	static const struct {
		const char *line;
		enum run_mode mode;
		size_t problems;
	} rows[] = {
		{"", RUN_NORMAL, 0},
		{"quiet ro", RUN_NORMAL, 0},
		{"\n", RUN_NORMAL, 0},
		{"vfio_early=off", RUN_OFF, 0},
		{"ro vfio_early=off quiet\n", RUN_OFF, 0},
		{"vfio-early=off", RUN_OFF, 0},
		{"vfio_early=no", RUN_OFF, 0},
		{"vfio_early=0", RUN_OFF, 0},
		{"vfio_early=\"off\"", RUN_OFF, 0},
		{"\"vfio_early=off\"", RUN_OFF, 0},
		{"vfio_early=dry-run", RUN_DRY, 0},
		{"vfio_early=dry_run", RUN_DRY, 0},
		{"vfio-early=dry-run", RUN_DRY, 0},
		{"vfio_early=on", RUN_NORMAL, 0},
		{"vfio_early=off vfio_early=on", RUN_NORMAL, 0},
		{"vfio_early=on vfio_early=off", RUN_OFF, 0},
		/* not understood means off */
		{"vfio_early", RUN_OFF, 1},
		{"vfio_early=", RUN_OFF, 1},
		{"vfio_early=OFF", RUN_OFF, 1},
		{"vfio_early=offf", RUN_OFF, 1},
		{"vfio_early=dry", RUN_OFF, 1},
		/* somebody else's */
		{"vfio_earl=off", RUN_NORMAL, 0},
		{"xvfio_early=off", RUN_NORMAL, 0},
		{"vfio_early_boot=off", RUN_NORMAL, 0},
		{"vfio_earlyx.take=off", RUN_NORMAL, 0},
		{"VFIO_EARLY=off", RUN_NORMAL, 0},
		{"x=\"vfio_early=off\"", RUN_NORMAL, 0},
		{"x=\"a vfio_early=off b\"", RUN_NORMAL, 0},
		/* for init */
		{"quiet -- vfio_early=off", RUN_NORMAL, 0},
		{"vfio_early=off -- vfio_early=on", RUN_OFF, 0},
		{"--x vfio_early=off", RUN_OFF, 0},
		{"--=1 vfio_early=off", RUN_OFF, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;

		parse(&config, rows[i].line);
		if (config.mode != rows[i].mode ||
			config.problem_count != rows[i].problems)
			fail_msg("%s: mode %d, %zu problems", rows[i].line, config.mode,
				config.problem_count);
		assert_int_equal(config.rule_count, 0);
		if (rows[i].problems > 0) {
			assert_non_null(strstr(config.problems[0].text, "taken for off"));
			assert_string_equal(
				config.problems[0].source.file, "kernel command line");
		}
		config_clear(&config);
	}
}

static void test_debug(void **state)
{
	static const struct {
		const char *line;
		bool debug;
	} rows[] = {
		{"vfio_early.debug", true},
		{"vfio-early.debug=1", true},
		{"vfio_early.debugx", false},
		{"debug", false},
		{"", false},
		{"-- vfio_early.debug", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;

		parse(&config, rows[i].line);
		assert_int_equal(config.debug, rows[i].debug);
		config_clear(&config);
	}
}

static void test_rules(void **state)
{
	static const struct {
		const char *line;
		const char *rules; /* joined with | */
	} rows[] = {
		{"vfio_early.take=01:00.0", "0000:01:00.0"},
		{"vfio-early.take=01:00.0,id=10de:2206", "0000:01:00.0 id=10de:2206"},
		{"vfio_early.keep=group=3,with=slot\n", "keep group=3 with=slot"},
		{"vfio_early.take=01:00.0 quiet vfio_early.take=02:00.0 "
		 "vfio_early.keep=1:0.1",
			"0000:01:00.0|0000:02:00.0|keep 0000:01:00.1"},
		{"vfio_early.take=\"01:00.0 with=slot\" ro", "0000:01:00.0 with=slot"},
		{"\"vfio_early.take=01:00.0 with=slot\" ro", "0000:01:00.0 with=slot"},
		{"vfio_early.take=01:00.0,with=\"slot\"", "E"},
		{"vfio_early.take=\"01:00.0,id=10de:*", "0000:01:00.0 id=10de:*"},
		{"vfio_early.take=01:00.0,allow=no-iommu+storage",
			"0000:01:00.0 allow=no-iommu,storage"},
		{"vfio_early.take=01:00.0,allow=no-iommu,storage",
			"0000:01:00.0 allow=no-iommu,storage"},
		{"vfio_early.take=allow=no-iommu,storage+network,02:00.0,with=slot",
			"0000:02:00.0 with=slot allow=no-iommu,storage,network"},
		{"\"vfio_early.take=01:00.0 allow=no-iommu,storage with=slot\"",
			"0000:01:00.0 with=slot allow=no-iommu,storage"},
		{"vfio_early.take=01:00.0,allow=no-iommu,store", "E"},
		{"vfio_early.take=01:00.0,allow=no-iommu,",
			"0000:01:00.0 allow=no-iommu"},
		{"\"vfio_early.take=01:00.0 allow=no-iommu storage\"", "E"},
		{"vfio_early.take=allow=no-iommu,with=slot,storage,01:00.0", "E"},
		{"vfio_early.take=storage,allow=no-iommu,01:00.0", "E"},
		{"vfio_early.take=01:00.0,unbind=always,driver=pci-stub",
			"0000:01:00.0 driver=pci-stub unbind=always"},
		{"vfio_early.take=path=00:01.0/00.0,id=1:2",
			"path=00:01.0/00.0 id=0001:0002"},
		{"vfio_early.keep=01:00.0,driver=x", "E"},
		{"vfio_early.take", "E"},
		{"vfio_early.take=", "E"},
		{"vfio_early.take=nonsense vfio_early.take=02:00.0", "E0000:02:00.0"},
		{"vfio_early.taken=01:00.0", "E"},
		{"vfio_early.=1", "E"},
		{"x.vfio_early.take=01:00.0", ""},
		{"-- vfio_early.take=01:00.0", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char all[512] = "";
		struct config config;

		parse(&config, rows[i].line);
		for (size_t j = 0; j < config.problem_count; j++)
			strcat(all, "E");
		for (size_t j = 0; j < config.rule_count; j++) {
			char one[256];

			rule_format(&config.rules[j], one, sizeof(one));
			strcat(strcat(all, j > 0 ? "|" : ""), one);
		}
		if (strcmp(all, rows[i].rules) != 0)
			fail_msg("%s: %s", rows[i].line, all);
		config_clear(&config);
	}
}

static void test_source(void **state)
{
	struct config config;

	(void)state;
	parse(&config, "vfio_early.take=01:00.0 vfio_early.take=01:00.0,id=x");
	assert_int_equal(config.rule_count, 1);
	assert_string_equal(config.rules[0].source.file, CMDLINE_NAME);
	assert_int_equal(config.rules[0].source.line, 0);
	assert_int_equal(config.problem_count, 1);
	assert_string_equal(config.problems[0].source.file, CMDLINE_NAME);
	assert_int_equal(config.problems[0].column, 12);
	assert_non_null(strstr(config.problems[0].text, "\"x\""));
	config_clear(&config);
	parse(&config, "vfio_early.tkae=01:00.0");
	assert_non_null(
		strstr(config.problems[0].text, "unknown parameter vfio_early.tkae;"));
	assert_non_null(strstr(config.problems[0].text, "vfio_early.take="));
	config_clear(&config);
}

/* After the rules of files, and a keep from the boot prompt stays possible. */
static void test_rule_limit(void **state)
{
	struct config config = {0};
	char text[CONFIG_RULES_MAX * 8 + 1] = "", *end = text;
	const char *line = "vfio_early.take=01:00.0";

	(void)state;
	for (unsigned i = 0; i < CONFIG_RULES_MAX; i++)
		end += sprintf(end, "%02x:00.0\n", i % 256);
	assert_int_equal(config_add_file(&config, "f", text, strlen(text)), 0);
	assert_int_equal(config.rule_count, CONFIG_RULES_MAX);
	assert_int_equal(cmdline_parse(&config, line, strlen(line)), 0);
	assert_int_equal(config.rule_count, CONFIG_RULES_MAX);
	assert_int_equal(config.problem_count, 1);
	assert_non_null(strstr(config.problems[0].text, "512 rules"));
	config_clear(&config);
}

static void test_keep_at_the_limit(void **state)
{
	struct config config = {0};
	char text[CONFIG_RULES_MAX * 8 + 1] = "", *end = text;
	const char *line = "vfio_early.keep=01:00.0";

	(void)state;
	for (unsigned i = 0; i < CONFIG_RULES_MAX; i++)
		end += sprintf(end, "%02x:00.0\n", i % 256);
	assert_int_equal(config_add_file(&config, "f", text, strlen(text)), 0);
	assert_int_equal(cmdline_parse(&config, line, strlen(line)), 0);
	assert_true(config.incomplete ||
		    config.rules[config.rule_count - 1].action == RULE_KEEP);
	config_clear(&config);
}

static void test_over_long(void **state)
{
	static const char rule[] = " vfio_early.take=01:00.0";
	char *line = malloc(CMDLINE_BYTES_MAX + 64);
	struct config config = {0};

	(void)state;
	memset(line, ' ', CMDLINE_BYTES_MAX + 64);
	memcpy(line, "vfio_early.take=02:00.0", 23);
	memcpy(line + CMDLINE_BYTES_MAX - strlen(rule), rule, strlen(rule));
	assert_int_equal(cmdline_parse(&config, line, CMDLINE_BYTES_MAX), 0);
	assert_int_equal(config.rule_count, 2);
	assert_int_equal(config.problem_count, 0);
	config_clear(&config);
	memset(line + CMDLINE_BYTES_MAX - strlen(rule), ' ', strlen(rule));
	memcpy(line + CMDLINE_BYTES_MAX, rule, strlen(rule));
	assert_int_equal(
		cmdline_parse(&config, line, CMDLINE_BYTES_MAX + strlen(rule)), 0);
	assert_int_equal(config.rule_count, 0);
	assert_true(config.incomplete);
	assert_int_equal(config.problem_count, 1);
	assert_non_null(strstr(config.problems[0].text, "16384"));
	config_clear(&config);
	free(line);
}

/* The limit cuts in the middle of a word: half a rule would name more than the whole. */
static void test_over_long_cuts_no_rule(void **state)
{
	static const char rule[] = " vfio_early.take=01:00.0,id=10de:2206";
	char *line = malloc(CMDLINE_BYTES_MAX + 64);
	size_t whole = strlen(rule);

	(void)state;
	for (size_t cut = 24; cut < whole; cut++) {
		struct config config = {0};
		size_t at = CMDLINE_BYTES_MAX - cut;

		memset(line, ' ', CMDLINE_BYTES_MAX + 64);
		memcpy(line + at, rule, whole);
		assert_int_equal(cmdline_parse(&config, line, at + whole), 0);
		assert_true(config.problem_count > 0);
		if (config.rule_count > 0)
			fail_msg("a rule out of \"%.*s\"", (int)cut, rule);
		config_clear(&config);
	}
	free(line);
}

static void test_value(void **state)
{
	static const struct {
		const char *line;
		const char *name;
		const char *value; /* NULL: none */
	} rows[] = {
		{"root=/dev/sda1 ro", "root", "/dev/sda1"},
		{"root=UUID=ab-cd", "root", "UUID=ab-cd"},
		{"root=a root=b", "root", "b"},
		{"root=a root", "root", "a"},
		{"root=\"a b\" x", "root", "a b"},
		{"\"root=a b\" x", "root", "a b"},
		{"root=", "root", ""},
		{"root", "root", NULL},
		{"rootx=a xroot=b", "root", NULL},
		{"rd.luks-uuid=1", "rd.luks_uuid", "1"},
		{"rd.luks_uuid=1", "rd.luks-uuid", "1"},
		{"-- root=a", "root", NULL},
		{"x=\"root=a\"", "root", NULL},
		{"a\troot=b\vc", "root", "b"},
		{"", "root", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = 0;
		const char *value = cmdline_value(
			rows[i].line, strlen(rows[i].line), rows[i].name, &length);

		if (!rows[i].value) {
			assert_null(value);
			continue;
		}
		assert_non_null(value);
		assert_int_equal(length, strlen(rows[i].value));
		assert_memory_equal(value, rows[i].value, length);
	}
}

static void test_blacklists(void **state)
{
	static const struct {
		const char *line;
		bool listed;
	} rows[] = {
		{"quiet modprobe.blacklist=vfio-pci", true},
		{"modprobe.blacklist=vfio_pci", true},
		{"module_blacklist=nouveau,vfio-pci", true},
		{"module-blacklist=vfio_pci,nouveau", true},
		{"rd.driver.blacklist=a,vfio_pci,b", true},
		{"modprobe.blacklist=nouveau modprobe.blacklist=vfio-pci", true},
		{"modprobe.blacklist=\"vfio-pci\"", true},
		{"", false},
		{"modprobe.blacklist", false},
		{"modprobe.blacklist=", false},
		{"modprobe.blacklist=,", false},
		{"modprobe.blacklist=vfio", false},
		{"modprobe.blacklist=vfio-pci-core", false},
		{"modprobe.blacklist=nouveau -- modprobe.blacklist=vfio-pci", false},
		{"blacklist=vfio-pci vfio-pci.ids=10de:2206", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (cmdline_blacklists(rows[i].line, strlen(rows[i].line), "vfio-pci") !=
			rows[i].listed)
			fail_msg("%s", rows[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_debug),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_rule_limit),
		cmocka_unit_test(test_keep_at_the_limit),
		cmocka_unit_test(test_over_long),
		cmocka_unit_test(test_over_long_cuts_no_rule),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_blacklists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
