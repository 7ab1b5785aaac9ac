/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmdline.h"

#include "quote.h"

#include <errno.h>
#include <string.h>

#define PREFIX     "vfio_early"
#define QUOTED_MAX 80

struct parameter {
	const char *name;
	size_t name_length;
	const char *value; /* NULL: no '=' */
	size_t value_length;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the quotes off that the kernel would take off: a whole word or a whole value. */
static void unquote(const char **text, size_t *length)
{
	if (*length == 0 || **text != '"')
		return;
	(*text)++;
	(*length)--;
	if (*length > 0 && (*text)[*length - 1] == '"')
		(*length)--;
}

/* The next parameter; false at the end or at "--". Advances *bytes and *length. */
static bool next_parameter(
	const char **bytes, size_t *length, struct parameter *ret_parameter)
{
	struct parameter parameter = {0};
	const char *word, *equals;
	bool quoted = false;
	size_t used = 0;

	while (*length > 0 && is_space(**bytes)) {
		(*bytes)++;
		(*length)--;
	}
	while (used < *length && (quoted || !is_space((*bytes)[used]))) {
		if ((*bytes)[used] == '"')
			quoted = !quoted;
		used++;
	}
	if (used == 0)
		return false;
	word = *bytes;
	*bytes += used;
	*length -= used;
	unquote(&word, &used);
	if (used == 2 && memcmp(word, "--", 2) == 0)
		return false;
	equals = memchr(word, '=', used);
	parameter.name = word;
	parameter.name_length = equals ? (size_t)(equals - word) : used;
	if (equals) {
		parameter.value = equals + 1;
		parameter.value_length = used - parameter.name_length - 1;
		unquote(&parameter.value, &parameter.value_length);
	}
	*ret_parameter = parameter;
	return true;
}

static char dash(char c)
{
	return (char)(c == '-' ? '_' : c);
}

/* '-' and '_' are the same in names of parameters and modules. */
static bool same_name(const char *text, size_t length, const char *name)
{
	if (strlen(name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (dash(text[i]) != dash(name[i]))
			return false;
	return true;
}

static bool name_is(const struct parameter *parameter, const char *name)
{
	return same_name(parameter->name, parameter->name_length, name);
}

static bool value_is(const struct parameter *parameter, const char *text)
{
	return parameter->value && strlen(text) == parameter->value_length &&
	       memcmp(parameter->value, text, parameter->value_length) == 0;
}

static bool value_among(const struct parameter *parameter, const char *const *words)
{
	for (; *words; words++)
		if (value_is(parameter, *words))
			return true;
	return false;
}

static int set_mode(
	struct config *config, struct source source, const struct parameter *parameter)
{
	static const char *const off[] = {"off", "no", "0", "false", NULL};
	static const char *const on[] = {"on", "yes", "1", "true", NULL};
	char quoted[QUOTED_MAX] = "";

	if (value_is(parameter, "dry-run") || value_is(parameter, "dry_run")) {
		config->mode = RUN_DRY;
		return 0;
	}
	if (value_among(parameter, on)) {
		config->mode = RUN_NORMAL;
		return 0;
	}
	config->mode = RUN_OFF;
	if (value_among(parameter, off))
		return 0;
	if (parameter->value)
		quote_text(parameter->value, parameter->value_length, quoted,
			sizeof(quoted));
	return config_add_problem(config, source, 0,
		"vfio_early=\"%s\" not understood and taken for off; expected off or "
		"dry-run",
		quoted);
}

static int add_rule(struct config *config, struct source source,
	const struct parameter *parameter, enum rule_action action)
{
	if (config->rule_count >= CONFIG_RULES_MAX) {
		if (action == RULE_KEEP)
			config->incomplete = true;
		return config_add_problem(config, source, 0,
			"more than %d rules in all; %s", CONFIG_RULES_MAX,
			action == RULE_KEEP ? "this keep rule is lost"
					    : "this one is ignored");
	}
	return config_add_rule(config, source, action, ", \t",
		parameter->value ? parameter->value : "", parameter->value_length, 0);
}

static int add_parameter(
	struct config *config, struct source source, const struct parameter *parameter)
{
	char quoted[QUOTED_MAX];

	if (parameter->name_length < strlen(PREFIX) ||
		!name_is(&(struct parameter){parameter->name, strlen(PREFIX), NULL, 0},
			PREFIX))
		return 0;
	if (name_is(parameter, PREFIX))
		return set_mode(config, source, parameter);
	if (parameter->name[strlen(PREFIX)] != '.')
		return 0;
	if (name_is(parameter, PREFIX ".take"))
		return add_rule(config, source, parameter, RULE_TAKE);
	if (name_is(parameter, PREFIX ".keep"))
		return add_rule(config, source, parameter, RULE_KEEP);
	if (name_is(parameter, PREFIX ".debug")) {
		config->debug = true;
		return 0;
	}
	quote_text(parameter->name, parameter->name_length, quoted, sizeof(quoted));
	return config_add_problem(config, source, 0,
		"unknown parameter %s; expected vfio_early=, vfio_early.take=, "
		"vfio_early.keep= or vfio_early.debug",
		quoted);
}

int cmdline_parse(struct config *config, const char *bytes, size_t length)
{
	struct parameter parameter;
	struct source source = {0};
	int r = config_keep_name(config, CMDLINE_NAME, &source.file);

	if (r == -ENOMEM)
		return r;
	if (length > CMDLINE_BYTES_MAX) {
		config->incomplete = true;
		return config_add_problem(config, source, 0,
			"longer than %d bytes, so it is not read", CMDLINE_BYTES_MAX);
	}
	while (next_parameter(&bytes, &length, &parameter)) {
		r = add_parameter(config, source, &parameter);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool lists(const struct parameter *parameter, const char *module)
{
	const char *at = parameter->value;
	size_t left = at ? parameter->value_length : 0;

	while (left > 0) {
		const char *comma = memchr(at, ',', left);
		size_t word = comma ? (size_t)(comma - at) : left;

		if (same_name(at, word, module))
			return true;
		if (!comma)
			break;
		at += word + 1;
		left -= word + 1;
	}
	return false;
}

bool cmdline_blacklists(const char *bytes, size_t length, const char *module)
{
	static const char *const names[] = {
		"modprobe.blacklist", "module_blacklist", "rd.driver.blacklist"};
	struct parameter parameter;

	while (next_parameter(&bytes, &length, &parameter))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (name_is(&parameter, names[i]) && lists(&parameter, module))
				return true;
	return false;
}

const char *cmdline_value(
	const char *bytes, size_t length, const char *name, size_t *ret_length)
{
	struct parameter parameter;
	const char *value = NULL;

	while (next_parameter(&bytes, &length, &parameter)) {
		if (!parameter.value || !name_is(&parameter, name))
			continue;
		value = parameter.value;
		*ret_length = parameter.value_length;
	}
	return value;
}

void cmdline_for_each(const char *bytes, size_t length,
	bool (*visit)(void *context, const char *name, size_t name_length,
		const char *value, size_t value_length),
	void *context)
{
	struct parameter parameter;

	while (next_parameter(&bytes, &length, &parameter))
		if (!visit(context, parameter.name, parameter.name_length,
			    parameter.value, parameter.value_length))
			return;
}

bool cmdline_name_is(const char *text, size_t length, const char *name)
{
	return same_name(text, length, name);
}
