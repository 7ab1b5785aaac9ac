/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "remove.h"

#include "complain.h"
#include "config_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_TEXT_MAX 512

static const char usage[] =
	"Usage: vfio-early remove [OPTION]... DEVICE...\n"
	"Has the host keep these devices from the next boot on: takes the rules out of\n"
	"/etc/vfio-early.conf that name nothing else, and where another rule would still "
	"take\n"
	"one of them, adds a keep rule. Shows the lines.\n"
	"\n" REQUEST_DEVICE_USAGE "one that is not there any more, as its rule has "
	"it\n"
	"\n"
	"  --dry-run        show the lines, and write nothing\n"
	"  --rebuild        run the command that rebuilds the boot image, too\n"
	"  --sysroot=WHERE  of the system below a directory, or of a capture\n"
	"  --quiet          no warnings\n"
	"  --no-color       no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if no rule takes the devices now, 1 if nothing was changed, 64 if "
	"called\n"
	"wrongly.\n";

static int take_rules_out(struct change *change)
{
	const struct config *config = &change->before.config;

	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];
		int r;

		if (rule->action != RULE_TAKE || !rule->source.file ||
			strcmp(rule->source.file, CONFIG_FILE) != 0)
			continue;
		r = change_is_only_theirs(change, rule);
		if (r < 0) {
			complain("out of memory; nothing was changed");
			return EXIT_FAILURE;
		}
		if (r > 0)
			change_remove(change, rule->source.line);
	}
	return 0;
}

static int keep(
	struct change *change, const struct pci_function *function, const struct rule *by)
{
	static const struct rule rule = {.action = RULE_KEEP, .driver = DRIVER_DEFAULT};
	char words[CHANGE_WORDS_MAX], text[RULE_TEXT_MAX], origin[FINDING_ORIGIN_MAX];

	change_words(change, function, words);
	rule_format(by, text, sizeof(text));
	source_format(&by->source, origin, sizeof(origin));
	printf("%s would still be taken by \"%s\" (%s), so a rule keeps it\n", words,
		text, origin);
	return change_add(change, &rule, function, false);
}

/* What another rule would still take; lines of `after` are those of the edited file, so
 * the rule is looked for in `before`. */
static int keep_the_rest(struct change *change)
{
	for (size_t i = 0; i < change->targets.count; i++) {
		const struct pci_function *function = change->targets.items[i].function;
		const struct pci_function *then =
			machine_find(&change->after.machine, &function->address);
		const struct wanted *wanted =
			then ? selection_find(&change->after.selection, then) : NULL;
		int r;

		if (!wanted)
			continue;
		r = keep(change, function, wanted->rule);
		if (r != 0)
			return r;
	}
	return 0;
}

/* Others that go with a rule which reached them by with=. */
static void say_given_back(const struct change *change)
{
	const struct selection *before = &change->before.selection;

	for (size_t i = 0; i < before->count; i++) {
		const struct pci_function *function = before->items[i].function;
		const struct pci_function *then =
			machine_find(&change->after.machine, &function->address);
		char words[CHANGE_WORDS_MAX];

		if (selection_has(&change->targets, function) || !then ||
			selection_has(&change->after.selection, then))
			continue;
		change_words(change, function, words);
		warn_user("%s is not taken any more either: the rule that goes took it "
			  "along",
			words);
	}
}

static int remove_devices(struct change *change)
{
	int r = take_rules_out(change);

	if (r == 0 && change->removed_count == 0 && change->unmatched)
		return change_complain_unmatched(change);
	if (r == 0)
		r = change_plan(change);
	if (r == 0)
		r = keep_the_rest(change);
	if (r == 0 && change->added_count > 0)
		r = change_plan(change);
	if (r != 0)
		return r;
	if (change->removed_count + change->added_count == 0) {
		puts("No rule takes that; nothing was changed.");
		return EXIT_SUCCESS;
	}
	if (!change->request->options.quiet)
		say_given_back(change);
	return change_finish(change);
}

int remove_main(int argc, char **argv)
{
	static const struct request_reader reader = {.verb = "remove",
		.usage = usage,
		.has = REQUEST_DRY_RUN | REQUEST_REBUILD};

	return change_main(&reader, argc, argv, remove_devices);
}
