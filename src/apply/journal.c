/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Of the report so far. A longer one is not kept. */
#define TEXT_MAX 1048576

struct entry {
	struct pci_past past;
	struct finding bound; /* what is said if it is on its driver in the end */
};

/* Untouched pages of it take no memory. */
struct journal {
	size_t count; /* of the entries that are whole */
	struct entry entries[SELECTION_DEVICES_MAX];
	size_t length; /* 0: no report */
	char text[TEXT_MAX];
};

struct journal *journal_new(void)
{
	struct journal *journal = mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return journal == MAP_FAILED ? NULL : journal;
}

void journal_free(struct journal *journal)
{
	if (journal)
		munmap(journal, sizeof(*journal));
}

static const struct entry *find(
	const struct journal *journal, const struct pci_address *address)
{
	for (size_t i = 0; i < journal->count; i++)
		if (pci_address_compare(&journal->entries[i].bound.address, address) == 0)
			return &journal->entries[i];
	return NULL;
}

void journal_recall(const struct journal *journal, const struct selection *selection)
{
	for (size_t i = 0; journal && i < selection->count; i++) {
		struct pci_function *function = selection->items[i].function;
		const struct entry *entry = find(journal, &function->address);

		if (entry)
			function->past = &entry->past;
	}
}

static void keep_device(struct journal *journal, const struct plan_device *device)
{
	const struct pci_function *function = device->function;
	struct entry *entry = &journal->entries[journal->count];
	struct findings findings = {0};

	if (journal->count >= SELECTION_DEVICES_MAX || find(journal, &function->address))
		return;
	outcome_add_bound(device, &findings);
	if (findings.count == 1) {
		entry->bound = findings.items[0];
		entry->past.driver_built_in = function->driver_built_in;
		memcpy(entry->past.driver, function->driver, sizeof(entry->past.driver));
		memcpy(entry->past.override, function->override,
			sizeof(entry->past.override));
		journal->count++;
	}
	findings_clear(&findings);
}

void journal_keep(
	struct journal *journal, const struct plan *plan, const struct report *report)
{
	char *text;
	size_t length;

	if (!journal)
		return;
	for (size_t i = 0; i < plan->device_count; i++)
		keep_device(journal, &plan->devices[i]);
	journal->length = 0;
	text = report_print(report);
	length = text ? strlen(text) : 0;
	if (length > 0 && length <= TEXT_MAX) {
		memcpy(journal->text, text, length);
		journal->length = length;
	}
	free(text);
}

static const struct call *hung_call(
	const struct watch *watch, const struct pci_address *address)
{
	for (unsigned i = 0; watch && i < watch->hung_count; i++)
		if (!call_goes_by_name(watch->hung[i].kind) &&
			pci_address_compare(&watch->hung[i].address, address) == 0)
			return &watch->hung[i];
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void unlike(
	struct finding *finding, const char *format, ...)
{
	va_list arguments;

	finding->severity = SEVERITY_ERROR;
	finding->verdict = VERDICT_FAILED;
	va_start(arguments, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

/* What there is to say of a device now. */
static struct finding verdict(const struct entry *entry, const struct watch *watch,
	const struct effects *effects)
{
	struct finding finding = entry->bound;
	const struct call *hung = hung_call(watch, &finding.address);
	char driver[DRIVER_NAME_MAX] = "", words[WATCH_WORDS_MAX];
	int r = effects->bound_driver(effects->context, &finding.address, driver);

	if (hung) {
		call_words(hung, words);
		unlike(&finding, "failed: %s did not return", words);
	} else if (r < 0) {
		unlike(&finding, "failed: its driver could not be read back: %s",
			errno_words(STEP_BIND, r));
	} else if (strcmp(driver, finding.driver) != 0) {
		unlike(&finding,
			"failed: there was no time for it: it is on %s, and its "
			"driver_override may still be %s",
			driver[0] ? driver : "no driver", finding.driver);
	} else if (watch && watch_load_hung(watch, driver)) {
		/* really_probe() makes the link before it calls the driver. */
		unlike(&finding,
			"failed: %s has it, but whether its probe has ended is not known",
			driver);
	} else if (strcmp(driver, entry->past.driver) == 0) {
		/* Reading the override could block. */
		snprintf(finding.text, sizeof(finding.text),
			"bound to %s before; its driver_override may not be written yet",
			driver);
	}
	return finding;
}

/* The verdict of the device that the interrupted child may have told as well. */
static bool is_open(const void *context, const struct finding *finding)
{
	const struct journal *journal = context;

	return !finding->has_function || finding->verdict != VERDICT_FAILED ||
	       !find(journal, &finding->address);
}

/* By an attempt after the one that had it in its plan, which puts its override back. */
static bool is_refused(const struct findings *findings, const struct pci_address *address)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].verdict == VERDICT_REFUSED &&
			findings->items[i].has_function &&
			pci_address_compare(&findings->items[i].address, address) == 0)
			return true;
	return false;
}

void journal_report(const struct journal *journal, const struct watch *watch,
	const struct effects *effects, struct report *ret_report)
{
	struct report report = {0};
	unsigned line;

	if (journal && journal->length > 0)
		(void)report_parse(journal->text, journal->length, &report, &line);
	findings_filter(&report.findings, is_open, journal);
	for (size_t i = 0; journal && i < journal->count; i++) {
		struct finding finding = verdict(&journal->entries[i], watch, effects);

		if (is_refused(&report.findings, &finding.address))
			continue;
		if (findings_append(&report.findings, &finding) < 0)
			report.findings.incomplete = true;
	}
	if (watch)
		report.hung = watch->hung_count;
	*ret_report = report;
}
