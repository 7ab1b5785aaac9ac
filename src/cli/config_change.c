/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_change.h"

#include "complain.h"
#include "core/config_edit.h"
#include "core/quote.h"
#include "core/report.h"
#include "core/unmatched.h"
#include "rebuild.h"
#include "survey_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_TEXT_MAX 512

static int out_of_memory(void)
{
	complain("out of memory; nothing was changed");
	return EXIT_FAILURE;
}

static int complain_file(int error)
{
	switch (error) {
	case -ELOOP:
		complain(CONFIG_FILE ": a symbolic link, which is not followed; change "
				     "the file that it leads to by hand");
		break;
	case -ENXIO:
		complain(CONFIG_FILE ": no regular file; put a file of rules there");
		break;
	case -EFBIG:
		complain(CONFIG_FILE ": would be larger than %d bytes; shorten it",
			CONFIG_FILE_BYTES_MAX);
		break;
	case -EAGAIN:
		complain(CONFIG_FILE ": changed by somebody else meanwhile, and left as "
				     "it is now; try again");
		break;
	case -EACCES:
	case -EPERM:
		complain(CONFIG_FILE ": %s; run it as root, or with --dry-run",
			strerror(-error));
		break;
	default:
		complain(CONFIG_FILE ": %s; nothing was changed", strerror(-error));
		break;
	}
	return EXIT_FAILURE;
}

static int check_request(const struct change *change)
{
	const struct request *request = change->request;

	if (request->rebuild && (request->dry_run || request->options.sysroot))
		return usage_error(request->verb,
			"--rebuild goes neither with --dry-run nor with --sysroot");
	if (change->sysroot.temporary && !request->dry_run) {
		complain("a capture cannot be changed; add --dry-run");
		return EXIT_FAILURE;
	}
	return 0;
}

static struct survey_wish wish_of(const struct change *change)
{
	return (struct survey_wish){
		.files_only = true, .session = !change->request->options.sysroot};
}

int change_begin(struct change *change, const struct request *request)
{
	struct findings findings = {0};
	struct survey_wish wish;
	int r;

	*change =
		(struct change){.request = request, .sysroot.fd = -1, .file.folder = -1};
	r = sysroot_open(request->options.sysroot, &change->sysroot);
	if (r == 0)
		r = check_request(change);
	if (r != 0)
		return r;
	r = config_file_open(change->sysroot.fd, &change->file);
	if (r < 0)
		return complain_file(r);
	wish = wish_of(change);
	r = survey_make_for(change->sysroot.fd, &wish, &change->before);
	if (r < 0)
		return survey_complain(r);
	if (change->before.config.incomplete) {
		survey_warn(&change->before);
		complain("the configuration cannot be read whole; nothing was changed");
		return EXIT_FAILURE;
	}
	change->names = names_open(change->sysroot.fd);
	r = targets_find(change->sysroot.fd, &request->config, &change->before.machine,
		&change->targets, &findings);
	for (size_t i = 0; i < findings.count; i++)
		change->unmatched |= findings.items[i].verdict == VERDICT_UNMATCHED;
	findings_clear(&findings);
	return r < 0 || !change->names ? out_of_memory() : 0;
}

int change_complain_unmatched(const struct change *change)
{
	const struct config *rules = &change->request->config;

	for (size_t i = 0; i < rules->rule_count; i++) {
		struct config one = {.rules = &rules->rules[i], .rule_count = 1};
		struct selection selection = {0};
		struct findings findings = {0};

		if (selection_make(&one, &change->before.machine, &selection, &findings) <
			0)
			return out_of_memory();
		for (size_t j = 0; j < findings.count; j++)
			if (findings.items[j].verdict == VERDICT_UNMATCHED)
				complain("%s: %s; vfio-early list shows what is there",
					change->request->options.operands[i],
					unmatched_why(findings.items[j].text));
		selection_clear(&selection);
		findings_clear(&findings);
	}
	return EXIT_FAILURE;
}

void change_words(const struct change *change, const struct pci_function *function,
	char out[CHANGE_WORDS_MAX])
{
	char address[PCI_ADDRESS_TEXT_MAX], name[NAME_TEXT_MAX];

	pci_address_format(&function->address, address);
	names_short(change->names, &function->id, function->class_code, name);
	snprintf(out, CHANGE_WORDS_MAX, "%s [%04x:%04x]%s%s", address,
		function->id.vendor, function->id.device, name[0] ? " " : "", name);
}

static bool same_term(const struct term *a, const struct term *b)
{
	struct rule one = {.terms = {*a}, .term_count = 1, .driver = DRIVER_DEFAULT};
	struct rule other = {.terms = {*b}, .term_count = 1, .driver = DRIVER_DEFAULT};
	char text[RULE_TEXT_MAX], other_text[RULE_TEXT_MAX];

	rule_format(&one, text, sizeof(text));
	rule_format(&other, other_text, sizeof(other_text));
	return strcmp(text, other_text) == 0;
}

/* Whether every term of the device stands in the rule. */
static bool says_the_same(const struct rule *device, const struct rule *rule)
{
	for (unsigned i = 0; i < device->term_count; i++) {
		const struct term *term = rule_term(rule, device->terms[i].kind);

		if (!term || !same_term(&device->terms[i], term))
			return false;
	}
	return true;
}

static bool is_asked_for(const struct change *change, const struct rule *rule)
{
	const struct config *devices = &change->request->config;

	for (size_t i = 0; i < devices->rule_count; i++)
		if (says_the_same(&devices->rules[i], rule))
			return true;
	return false;
}

int change_is_only_theirs(const struct change *change, const struct rule *rule)
{
	struct selection named = {0};
	bool others = false, any = false;
	int r = targets_of_rule(rule, &change->before.machine, &named);

	if (r < 0)
		return r;
	for (size_t i = 0; i < named.count; i++) {
		if (named.items[i].widened)
			continue;
		any = true;
		others |= !selection_has(&change->targets, named.items[i].function);
	}
	selection_clear(&named);
	/* What names nothing now is known by its words only. */
	return any ? !others : is_asked_for(change, rule);
}

int change_add(struct change *change, const struct rule *rule,
	const struct pci_function *function, bool with_id)
{
	struct rule line = *rule;
	char text[CONFIG_LINE_BYTES_MAX + 1], name[NAME_TEXT_MAX], *whole;

	if (change->added_count == CONFIG_RULES_MAX) {
		complain("more than %d rules; name fewer devices", CONFIG_RULES_MAX);
		return EXIT_FAILURE;
	}
	line.terms[0] = (struct term){.kind = TERM_PATH, .path = function->path};
	line.terms[1] = (struct term){.kind = TERM_ID,
		.id = {.id = function->id, .any_subvendor = true, .any_subdevice = true}};
	line.term_count = with_id ? 2 : 1;
	rule_format(&line, text, sizeof(text));
	names_short(change->names, &function->id, function->class_code, name);
	if (asprintf(&whole, "%s%s%s", text, name[0] ? "  # " : "", name) < 0)
		return out_of_memory();
	change->added_for[change->added_count] = function;
	change->added[change->added_count++] = whole;
	return 0;
}

void change_remove(struct change *change, unsigned line)
{
	for (size_t i = 0; i < change->removed_count; i++)
		if (change->removed[i] == line)
			return;
	change->removed[change->removed_count++] = line;
}

int change_plan(struct change *change)
{
	const struct config_edit edit = {.removed = change->removed,
		.removed_count = change->removed_count,
		.added = (const char *const *)change->added,
		.added_count = change->added_count};
	struct survey_wish wish = wish_of(change);
	int r;

	if (change->has_after)
		survey_clear(&change->after);
	change->has_after = false;
	free(change->text);
	change->text = NULL;
	r = config_edit(change->file.text, change->file.length, &edit, &change->text,
		&change->length);
	if (r < 0)
		return complain_file(r);
	wish.config = change->text;
	wish.config_length = change->length;
	r = survey_make_for(change->sysroot.fd, &wish, &change->after);
	if (r < 0)
		return survey_complain(r);
	change->has_after = true;
	if (!change->after.config.incomplete)
		return 0;
	survey_warn(&change->after);
	complain("that would be no valid configuration; nothing was changed");
	return EXIT_FAILURE;
}

static void print_line(char sign, const char *text, size_t length)
{
	char line[CONFIG_LINE_BYTES_MAX + 1], shown[4 * CONFIG_LINE_BYTES_MAX + 1];

	snprintf(line, sizeof(line), "%.*s", (int)length, text);
	escape_controls(line, shown, sizeof(shown));
	printf("%c%s\n", sign, shown);
}

/* As a unified diff has them, without the lines around. */
static void show(const struct change *change)
{
	const char *at = change->file.text, *end = at + change->file.length;

	puts("--- " CONFIG_FILE "\n+++ " CONFIG_FILE);
	for (unsigned line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = stop ? (size_t)(stop - at) : (size_t)(end - at);

		for (size_t i = 0; i < change->removed_count; i++)
			if (change->removed[i] == line)
				print_line('-', at,
					length - (length > 0 && at[length - 1] == '\r'));
		at += length + 1;
	}
	for (size_t i = 0; i < change->added_count; i++)
		print_line('+', change->added[i], strlen(change->added[i]));
}

static bool is_new(const struct survey *before, const struct finding *finding)
{
	for (size_t i = 0; i < before->findings.count; i++) {
		const struct finding *other = &before->findings.items[i];

		if (other->has_function == finding->has_function &&
			strcmp(other->text, finding->text) == 0 &&
			(!finding->has_function || pci_address_compare(&other->address,
							   &finding->address) == 0))
			return false;
	}
	return true;
}

/* What the planner has to say about the change besides. */
static void warn_new(const struct change *change)
{
	for (size_t i = 0; i < change->after.findings.count; i++) {
		const struct finding *finding = &change->after.findings.items[i];
		char line[REPORT_LINE_MAX];

		if (finding->severity > SEVERITY_NOTICE ||
			(finding->verdict != VERDICT_NOTE &&
				finding->verdict != VERDICT_UNMATCHED) ||
			!is_new(&change->before, finding))
			continue;
		report_line(finding, line);
		warn_user("%s", line);
	}
}

int change_finish(struct change *change)
{
	struct rebuild rebuild;
	int r;

	rebuild_find(change->sysroot.fd, &rebuild);
	if (change->request->rebuild && !rebuild.certain) {
		complain("which command rebuilds the boot image is not certain here; "
			 "nothing was changed, leave --rebuild out to see which there "
			 "are");
		return EXIT_FAILURE;
	}
	if (!change->request->options.quiet)
		warn_new(change);
	show(change);
	if (change->request->dry_run)
		return EXIT_SUCCESS;
	r = config_file_replace(&change->file, change->text, change->length);
	if (r < 0)
		return complain_file(r);
	if (change->request->rebuild)
		return rebuild_run(&rebuild);
	rebuild_say(&rebuild);
	return EXIT_SUCCESS;
}

void change_end(struct change *change)
{
	for (size_t i = 0; i < change->added_count; i++)
		free(change->added[i]);
	free(change->text);
	names_close(change->names);
	selection_clear(&change->targets);
	if (change->has_after)
		survey_clear(&change->after);
	survey_clear(&change->before);
	config_file_close(&change->file);
	sysroot_close(&change->sysroot);
}

int change_main(const struct request_reader *reader, int argc, char **argv,
	int (*change_it)(struct change *change))
{
	struct request request;
	struct change change;
	int r = request_read(reader, argc, argv, &request);

	if (r < 0) {
		r = change_begin(&change, &request);
		if (r == 0)
			r = change_it(&change);
		change_end(&change);
	}
	request_clear(&request);
	return r;
}
