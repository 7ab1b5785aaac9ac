/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "quote.h"
#include "rule_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_RULES 4 /* a power of two */

int config_add_problem(struct config *config, struct source source, unsigned column,
	const char *format, ...)
{
	struct problem *problem;
	va_list arguments;

	if (config->problem_count >= CONFIG_PROBLEMS_MAX) {
		config->problem_count++;
		return 0;
	}
	if (!config->problems) {
		config->problems = calloc(CONFIG_PROBLEMS_MAX, sizeof(*config->problems));
		if (!config->problems)
			return -ENOMEM;
	}
	problem = &config->problems[config->problem_count++];
	problem->source = source;
	problem->column = column;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	return 0;
}

int config_keep_name(struct config *config, const char *name, const char **ret_name)
{
	char *copy;

	for (size_t i = 0; i < config->file_count; i++) {
		if (strcmp(config->files[i], name) == 0) {
			*ret_name = config->files[i];
			return 0;
		}
	}
	if (config->file_count == CONFIG_FILES_MAX)
		return -E2BIG;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	config->files[config->file_count++] = copy;
	*ret_name = copy;
	return 0;
}

static int append_rule(struct config *config, const struct rule *rule)
{
	struct rule *rules = config->rules;

	/* Grows by doubling: the count is a power of two whenever there is no room. */
	if (config->rule_count == 0 ||
		(config->rule_count >= FIRST_RULES &&
			(config->rule_count & (config->rule_count - 1)) == 0)) {
		size_t capacity =
			config->rule_count ? config->rule_count * 2 : FIRST_RULES;

		rules = realloc(rules, capacity * sizeof(*rules));
		if (!rules)
			return -ENOMEM;
		config->rules = rules;
	}
	rules[config->rule_count++] = *rule;
	return 0;
}

int config_add_rule(struct config *config, struct source source, enum rule_action action,
	const char *separators, const char *text, size_t length, unsigned column_base)
{
	struct rule rule = {.source = source, .action = action};
	struct rule_problem problem;

	if (rule_parse(&rule, separators, text, length, &problem) < 0)
		return config_add_problem(config, source,
			column_base + (unsigned)problem.offset + 1, "%s", problem.text);
	return append_rule(config, &rule);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int add_line(
	struct config *config, struct source source, const char *line, size_t length)
{
	static const char keep[] = "keep";
	enum rule_action action = RULE_TAKE;
	const char *comment, *nul;
	size_t start = 0;

	if (length > 0 && line[length - 1] == '\r')
		length--;
	if (length > CONFIG_LINE_BYTES_MAX)
		return config_add_problem(config, source, CONFIG_LINE_BYTES_MAX + 1,
			"line of %zu bytes; expected at most %d; split the rule or "
			"shorten the comment",
			length, CONFIG_LINE_BYTES_MAX);
	comment = memchr(line, '#', length);
	if (comment)
		length = (size_t)(comment - line);
	while (length > 0 && is_blank(line[length - 1]))
		length--;
	while (start < length && is_blank(line[start]))
		start++;
	if (start == length)
		return 0;
	nul = memchr(line, '\0', length);
	if (nul)
		return config_add_problem(config, source, (unsigned)(nul - line) + 1,
			"NUL byte; expected UTF-8 text; write the line again");
	if (length - start >= strlen(keep) &&
		memcmp(line + start, keep, strlen(keep)) == 0 &&
		(length - start == strlen(keep) ||
			is_blank(line[start + strlen(keep)]))) {
		action = RULE_KEEP;
		start += strlen(keep);
		while (start < length && is_blank(line[start]))
			start++;
	}
	return config_add_rule(config, source, action, " \t", line + start,
		length - start, (unsigned)start);
}

static int add_lines(
	struct config *config, const char *name, const char *bytes, size_t length)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	size_t mark = strlen(byte_order_mark);
	struct source source = {.file = name};

	if (length >= mark && memcmp(bytes, byte_order_mark, mark) == 0) {
		bytes += mark;
		length -= mark;
	}
	while (length > 0) {
		const char *end = memchr(bytes, '\n', length);
		size_t line = end ? (size_t)(end - bytes) : length;
		int r;

		source.line++;
		r = add_line(config, source, bytes, line);
		if (r < 0)
			return r;
		if (!end)
			break;
		bytes += line + 1;
		length -= line + 1;
	}
	return 0;
}

static uint64_t fnv1a(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
	return hash;
}

/* With the end of the name, so that name and bytes cannot trade places. */
static void hash_file(
	struct config *config, const char *name, const char *bytes, size_t length)
{
	uint64_t hash = config->hash ? config->hash : 0xcbf29ce484222325U;

	hash = fnv1a(hash, name, strlen(name) + 1);
	config->hash = fnv1a(hash, bytes, length);
}

int config_add_file(
	struct config *config, const char *name, const char *bytes, size_t length)
{
	size_t rules_before = config->rule_count;
	const char *kept = NULL;
	int r = config_keep_name(config, name, &kept);

	if (r == -E2BIG) {
		config->incomplete = true;
		return config_add_problem(config, (struct source){0}, 0,
			"more than %d config files; join some", CONFIG_FILES_MAX);
	}
	if (r < 0)
		return r;
	if (length > CONFIG_FILE_BYTES_MAX) {
		config->incomplete = true;
		return config_add_problem(config, (struct source){.file = kept}, 0,
			"larger than %d bytes; shorten it", CONFIG_FILE_BYTES_MAX);
	}
	hash_file(config, name, bytes, length);
	r = add_lines(config, kept, bytes, length);
	if (r < 0)
		return r;
	if (config->rule_count > CONFIG_RULES_MAX) {
		config->rule_count = rules_before;
		config->incomplete = true;
		return config_add_problem(config, (struct source){.file = kept}, 0,
			"more than %d rules in all; use id=, group= or with= instead of "
			"a "
			"line for each device",
			CONFIG_RULES_MAX);
	}
	return 0;
}

void config_clear(struct config *config)
{
	for (size_t i = 0; i < config->file_count; i++)
		free(config->files[i]);
	free(config->rules);
	free(config->problems);
	*config = (struct config){0};
}

const struct term *rule_term(const struct rule *rule, enum term_kind kind)
{
	for (unsigned i = 0; i < rule->term_count; i++)
		if (rule->terms[i].kind == kind)
			return &rule->terms[i];
	return NULL;
}
