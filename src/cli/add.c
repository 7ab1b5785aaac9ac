/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "add.h"

#include "complain.h"
#include "config_change.h"
#include "core/identity.h"
#include "core/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_TEXT_MAX 512

static const char usage[] =
	"Usage: vfio-early add [OPTION]... DEVICE...\n"
	"Adds rules to /etc/vfio-early.conf that take these devices at every boot, each "
	"by "
	"its\n"
	"position and identity, and shows the lines. Refuses what the boot would "
	"refuse.\n"
	"\n" REQUEST_DEVICE_USAGE "in quotes, several terms that must all hold\n"
	"\n" REQUEST_RULE_USAGE
	"                     whether to take them from a driver that was first\n"
	"  --dry-run          show the lines, and write nothing\n"
	"  --rebuild          run the command that rebuilds the boot image, too\n"
	"  --sysroot=WHERE    of the system below a directory, or of a capture\n"
	"  --quiet            no warnings\n"
	"  --no-color         no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if the devices are covered now, 1 if nothing was changed, 64 if "
	"called\n"
	"wrongly.\n";

static bool is_reached(const struct rule *rule, const struct pci_function *from,
	const struct pci_function *to)
{
	switch (rule->widening) {
	case WIDEN_NONE:
		return false;
	case WIDEN_SLOT:
		return pci_address_same_slot(&from->address, &to->address);
	case WIDEN_GROUP:
		return from->group != MACHINE_GROUP_NONE && from->group == to->group;
	}
	return false;
}

/* Whether a line that was added before reaches it. */
static bool is_added(const struct change *change, const struct wanted *target)
{
	for (size_t i = 0; i < change->added_count; i++)
		if (change->added_for[i] == target->function ||
			is_reached(target->rule, change->added_for[i], target->function))
			return true;
	return false;
}

/* Whether the configuration takes it, and all that is to come with it. */
static bool is_covered(const struct change *change, const struct wanted *target)
{
	const struct selection *targets = &change->targets;

	for (size_t i = 0; i < targets->count; i++) {
		const struct wanted *other = &targets->items[i];

		if (!selection_has(&change->before.selection, other->function) &&
			(other == target ||
				(other->widened && other->rule == target->rule &&
					is_reached(target->rule, target->function,
						other->function))))
			return false;
	}
	return true;
}

static bool same_options(const struct rule *a, const struct rule *b)
{
	return a->unbind == b->unbind && a->allow == b->allow && a->d3_off == b->d3_off &&
	       a->framebuffer == b->framebuffer && strcmp(a->driver, b->driver) == 0;
}

/* Says so; returns EXIT_FAILURE where the rule that covers it is not what was asked for.
 */
static int say_covered(const struct change *change, const struct wanted *target)
{
	const struct rule *rule =
		selection_find(&change->before.selection, target->function)->rule;
	const struct finding *verdict = survey_verdict(&change->before, target->function);
	char words[CHANGE_WORDS_MAX], text[RULE_TEXT_MAX], origin[FINDING_ORIGIN_MAX];

	change_words(change, target->function, words);
	source_format(&rule->source, origin, sizeof(origin));
	rule_format(rule, text, sizeof(text));
	if (verdict && verdict->verdict == VERDICT_REFUSED) {
		complain("%s: %s is covered by this line (%s), but %s", origin, words,
			text, verdict->text);
		return EXIT_FAILURE;
	}
	if (change->request->has_options && !same_options(rule, target->rule)) {
		complain("%s: %s is covered by this line (%s), which has other options; "
			 "change it, or remove the device first",
			origin, words, text);
		return EXIT_FAILURE;
	}
	printf("%s is covered already: %s (%s)\n", words, text, origin);
	return EXIT_SUCCESS;
}

/* A keep rule that names nothing else goes; what names more than this is in the way. */
static int take_keep_out(struct change *change, const struct pci_function *function,
	const struct rule *keep)
{
	bool in_file = keep->source.file && strcmp(keep->source.file, CONFIG_FILE) == 0;
	char words[CHANGE_WORDS_MAX], origin[FINDING_ORIGIN_MAX];

	if (in_file && change_is_only_theirs(change, keep) > 0) {
		change_remove(change, keep->source.line);
		return EXIT_SUCCESS;
	}
	change_words(change, function, words);
	source_format(&keep->source, origin, sizeof(origin));
	complain("%s: a keep rule protects %s; take that line out first", origin, words);
	return EXIT_FAILURE;
}

static int complain_identity(
	const struct change *change, const struct pci_function *function)
{
	char words[CHANGE_WORDS_MAX];

	change_words(change, function, words);
	complain("%s is there, which is not the id that was given; vfio-early list shows "
		 "where that device is",
		words);
	return EXIT_FAILURE;
}

static int take_target(struct change *change, const struct wanted *target)
{
	const struct pci_function *function = target->function;
	const struct rule *keep = selection_kept_by(
		&change->before.selection, &change->before.machine, function);

	if (keep && take_keep_out(change, function, keep) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (rule_identity_mismatch(target->rule, function))
		return complain_identity(change, function);
	if (is_covered(change, target))
		return say_covered(change, target);
	if (is_added(change, target))
		return EXIT_SUCCESS;
	return change_add(change, target->rule, function, true);
}

/* All of them are looked at, so that every reason is said. */
static int take_targets(struct change *change)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < change->targets.count; i++)
		if (!change->targets.items[i].widened &&
			take_target(change, &change->targets.items[i]) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	return status;
}

static bool is_ours(const struct change *change, const struct pci_function *function)
{
	for (size_t i = 0; i < change->added_count; i++)
		if (pci_address_compare(
			    &change->added_for[i]->address, &function->address) == 0)
			return true;
	return false;
}

static bool is_refused(const struct finding *verdict)
{
	return verdict && (verdict->verdict == VERDICT_REFUSED ||
				  verdict->verdict == VERDICT_FAILED);
}

/* What the planner of the boot makes of it. */
static int judge(const struct change *change)
{
	const struct survey *before = &change->before, *after = &change->after;
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < after->machine.count; i++) {
		const struct pci_function *function = &after->machine.functions[i];
		const struct finding *verdict = survey_verdict(after, function);
		bool ours = is_ours(change, function);
		char words[CHANGE_WORDS_MAX];

		if (ours && !verdict) {
			change_words(change, function, words);
			complain("%s would not be taken all the same", words);
		} else if (!is_refused(verdict) ||
			   (!ours && is_refused(survey_verdict(
					     before, &before->machine.functions[i])))) {
			continue;
		} else {
			change_words(change, function, words);
			complain("%s: %s", words, verdict->text);
		}
		status = EXIT_FAILURE;
	}
	return status;
}

static int add(struct change *change)
{
	int r;

	if (change->unmatched)
		r = change_complain_unmatched(change);
	else
		r = take_targets(change);
	if (r == 0 && change->added_count == 0)
		return EXIT_SUCCESS;
	if (r == 0)
		r = change_plan(change);
	if (r == 0)
		r = judge(change);
	if (r == 0)
		return change_finish(change);
	complain("nothing was changed");
	return r;
}

int add_main(int argc, char **argv)
{
	static const struct request_reader reader = {.verb = "add",
		.usage = usage,
		.has = REQUEST_DRY_RUN | REQUEST_RULE | REQUEST_REBUILD};

	return change_main(&reader, argc, argv, add);
}
