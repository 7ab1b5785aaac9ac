/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "now.h"

#include "apply/hand_back.h"
#include "apply/kernel_effects.h"
#include "scan/host_session.h"
#include "scan/vfio_use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages that nobody writes to cost nothing. */
#define TEXT_BYTES ((size_t)MACHINE_FUNCTIONS_MAX * REPORT_LINE_MAX)

struct now_text {
	bool whole;
	size_t length;
	char bytes[TEXT_BYTES];
};

static void drop_rules(const struct boot_options *options, struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->rule_count; i++)
		if (options->now == NOW_BIND && config->rules[i].action == RULE_KEEP)
			config->rules[count++] = config->rules[i];
	config->rule_count = count;
}

/* A config of the command line's rules, which then hold the place of the others. */
static int read_rules(const struct boot_options *options, struct config *config)
{
	const struct source source = {0};

	for (size_t i = 0; i < options->rule_count; i++) {
		int r = config_add_rule(config, source, RULE_TAKE, " \t",
			options->rules[i], strlen(options->rules[i]), 0);

		if (r < 0)
			return r;
	}
	return 0;
}

int now_rules(const struct boot_options *options, struct config *config)
{
	struct config own = {0};
	struct rule *rules;
	size_t count;
	int r = read_rules(options, &own);

	config->mode = RUN_NORMAL;
	if (options->now == NOW_RELEASE) {
		config->incomplete = false;
		config->problem_count = 0;
	}
	drop_rules(options, config);
	count = config->rule_count + own.rule_count;
	rules = r == 0 ? calloc(count + 1, sizeof(*rules)) : NULL;
	if (!rules) {
		config_clear(&own);
		return -ENOMEM;
	}
	if (config->rule_count > 0)
		memcpy(rules, config->rules, config->rule_count * sizeof(*rules));
	if (own.rule_count > 0)
		memcpy(rules + config->rule_count, own.rules,
			own.rule_count * sizeof(*rules));
	for (size_t i = 0; r == 0 && i < own.problem_count && i < CONFIG_PROBLEMS_MAX;
		i++)
		r = config_add_problem(config, own.problems[i].source,
			own.problems[i].column, "%s", own.problems[i].text);
	free(config->rules);
	config->rules = rules;
	config->rule_count = count;
	config_clear(&own);
	return r;
}

void now_learn_session(
	const struct boot_options *options, int root, struct machine *machine)
{
	if (strcmp(options->sysroot, "/") == 0)
		host_session_read(root, (unsigned)getpid(), machine, &machine->needs);
}

static int find_user(
	void *context, const struct pci_function *function, char out[HAND_BACK_USER_MAX])
{
	_Static_assert(HAND_BACK_USER_MAX == VFIO_USE_TEXT_MAX, "the same text");
	return vfio_use_find(*(const int *)context, function, out);
}

static void note_module(void *context, const char *text)
{
	finding_add(context, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE, NULL, NULL, "%s",
		text);
}

void now_release(const struct boot_options *options, struct watch *watch, int root,
	const struct selection *selection, struct findings *findings)
{
	struct module_loader loader = {.context = findings, .note = note_module};
	struct kernel_effects kernel = {.watch = watch, .loader = &loader};
	const struct effects effects = kernel_effects_table(&kernel);
	const struct hand_back how = {
		.effects = options->plan_only ? NULL : &effects,
		.rescan = options->rescan,
		.find_user = find_user,
		.context = &root,
	};

	if (watch)
		watch_leave(watch);
	hand_back(&how, selection, findings);
	module_loader_close(&loader);
}

struct now_text *now_text_make(void)
{
	struct now_text *text = mmap(NULL, sizeof(*text), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return text == MAP_FAILED ? NULL : text;
}

void now_text_begin(struct now_text *text)
{
	text->length = 0;
	text->whole = true;
}

void now_text_add(struct now_text *text, const char *bytes)
{
	const size_t length = strlen(bytes);

	text->whole = text->whole && length <= TEXT_BYTES - text->length;
	if (!text->whole)
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

void now_text_add_report(struct now_text *text, const struct report *report)
{
	char *printed = report_print(report);

	if (printed)
		now_text_add(text, printed);
	else
		text->whole = false;
	free(printed);
}

int now_text_print(const struct now_text *text, FILE *out)
{
	if (!text->whole)
		return -ENOMEM;
	if (fwrite(text->bytes, 1, text->length, out) != text->length || fflush(out) != 0)
		return errno ? -errno : -EIO;
	return 0;
}
