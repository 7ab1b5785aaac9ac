/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every config must satisfy, however it came about. Aborts where it does not. */
#pragma once

#include "core/config.h"
#include "rule_equal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                 \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
			abort();                                                         \
		}                                                                        \
	} while (0)

/* print, parse: the same rule; print again: the same text. */
static inline void check_rule(const struct rule *rule)
{
	char text[CONFIG_LINE_BYTES_MAX + 1], again[sizeof(text)];
	struct config config = {0};

	CHECK(rule->term_count > 0 && rule->term_count <= RULE_TERMS_MAX);
	CHECK(rule->driver[0] && memchr(rule->driver, '\0', sizeof(rule->driver)));
	rule_format(rule, text, sizeof(text));
	CHECK(strlen(text) < sizeof(text) - 1);
	CHECK(config_add_file(&config, "printed", text, strlen(text)) == 0);
	if (config.problem_count > 0)
		fprintf(stderr, "%s: %s\n", text, config.problems[0].text);
	CHECK(config.problem_count == 0 && config.rule_count == 1);
	CHECK(rule_equal(rule, &config.rules[0]));
	rule_format(&config.rules[0], again, sizeof(again));
	CHECK(strcmp(text, again) == 0);
	config_clear(&config);
}

static inline void check_config(const struct config *config)
{
	CHECK(config->file_count <= CONFIG_FILES_MAX);
	for (size_t i = 0; i < config->rule_count; i++)
		check_rule(&config->rules[i]);
	for (size_t i = 0; i < config->problem_count && i < CONFIG_PROBLEMS_MAX; i++) {
		const struct problem *problem = &config->problems[i];

		CHECK(memchr(problem->text, '\0', sizeof(problem->text)));
		for (const char *c = problem->text; *c; c++)
			CHECK(*c >= ' ' && *c <= '~');
	}
}
