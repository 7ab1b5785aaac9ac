/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_request.h"

#include "complain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS " \t"

enum {
	OPTION_WITH = 256,
	OPTION_ALLOW,
	OPTION_DRIVER,
	OPTION_UNBIND,
	OPTION_DRY_RUN,
	OPTION_REBUILD,
	OPTION_RESCAN,
};

static const struct known {
	struct option option;
	unsigned in; /* of which sets it is */
} all[] = {
	{{"with", required_argument, NULL, OPTION_WITH}, REQUEST_RULE | REQUEST_WITH},
	{{"allow", required_argument, NULL, OPTION_ALLOW}, REQUEST_RULE},
	{{"driver", required_argument, NULL, OPTION_DRIVER}, REQUEST_RULE},
	{{"unbind", required_argument, NULL, OPTION_UNBIND}, REQUEST_RULE},
	{{"dry-run", no_argument, NULL, OPTION_DRY_RUN}, REQUEST_DRY_RUN},
	{{"rebuild", no_argument, NULL, OPTION_REBUILD}, REQUEST_REBUILD},
	{{"rescan", no_argument, NULL, OPTION_RESCAN}, REQUEST_RESCAN},
};
#define ALL_COUNT (sizeof(all) / sizeof(all[0]))

_Static_assert(ALL_COUNT <= OPTIONS_OWN_MAX, "what options_read() has room for");

/* Adds " NAME=VALUE"; the rule's parser says what is wrong with it. */
static int add_option(struct request *request, int option, const char *value)
{
	char *longer;
	size_t i = 0;

	while (all[i].option.val != option)
		i++;
	if (value[0] == '\0' || strpbrk(value, SEPARATORS))
		return usage_error(request->verb, "--%s wants one word, not \"%s\"",
			all[i].option.name, value);
	if (asprintf(&longer, "%s %s=%s", request->text ? request->text : "",
		    all[i].option.name, value) < 0) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	free(request->text);
	request->text = longer;
	request->has_options = true;
	return 0;
}

static int take(void *context, int option, const char *value)
{
	struct request *request = context;

	switch (option) {
	case OPTION_DRY_RUN:
		request->dry_run = true;
		return 0;
	case OPTION_REBUILD:
		request->rebuild = true;
		return 0;
	case OPTION_RESCAN:
		request->rescan = true;
		return 0;
	default:
		return add_option(request, option, value);
	}
}

/* One DEVICE as a rule. */
static int add_rule(struct request *request, const char *verb, const char *device)
{
	const struct source source = {0};
	size_t before = request->config.rule_count;
	char **rule = &request->rules[request->rule_count];

	if (asprintf(rule, "%s%s", device, request->text ? request->text : "") < 0) {
		*rule = NULL;
		complain("out of memory");
		return EXIT_FAILURE;
	}
	request->rule_count++;
	if (strchr(device, '\n') || strchr(device, '#'))
		return usage_error(verb, "\"%s\" is no device", device);
	if (config_add_rule(&request->config, source, RULE_TAKE, SEPARATORS, *rule,
		    strlen(*rule), 0) < 0) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	if (request->config.rule_count == before)
		return usage_error(verb, "%s", request->config.problems[0].text);
	return 0;
}

static int add_rules(struct request *request, const char *verb)
{
	int r = 0;

	if (request->options.operand_count == 0)
		return usage_error(verb, "expected a DEVICE, as 01:00.0");
	if (request->options.operand_count > CONFIG_RULES_MAX)
		return usage_error(verb, "more than %d devices", CONFIG_RULES_MAX);
	request->rules =
		calloc((size_t)request->options.operand_count, sizeof(*request->rules));
	if (!request->rules) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	for (int i = 0; r == 0 && i < request->options.operand_count; i++)
		r = add_rule(request, verb, request->options.operands[i]);
	return r;
}

int request_read(const struct request_reader *reader, int argc, char **argv,
	struct request *ret_request)
{
	struct option own[ALL_COUNT + 1] = {0};
	struct option_reader options = {.verb = reader->verb,
		.usage = reader->usage,
		.shared = OPTIONS_SYSROOT,
		.own = own,
		.take = take,
		.context = ret_request,
		.operands_max = INT_MAX};
	unsigned count = 0;
	int r;

	*ret_request = (struct request){.verb = reader->verb};
	for (size_t i = 0; i < ALL_COUNT; i++)
		if (all[i].in & reader->has)
			own[count++] = all[i].option;
	r = options_read(&options, argc, argv, &ret_request->options);
	if (r >= 0)
		return r;
	r = add_rules(ret_request, reader->verb);
	return r != 0 ? r : -1;
}

void request_clear(struct request *request)
{
	for (size_t i = 0; i < request->rule_count; i++)
		free(request->rules[i]);
	free(request->rules);
	free(request->text);
	config_clear(&request->config);
	*request = (struct request){0};
}
