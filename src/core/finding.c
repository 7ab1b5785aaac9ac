/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 2

void source_format(const struct source *source, char *out, size_t size)
{
	if (!source->file)
		out[0] = '\0';
	else if (source->line == 0)
		snprintf(out, size, "%s", source->file);
	else
		snprintf(out, size, "%s:%u", source->file, source->line);
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_NOTE] = "note",
		[VERDICT_BOUND] = "bound",
		[VERDICT_ALREADY] = "already-bound",
		[VERDICT_WOULD_BIND] = "would-bind",
		[VERDICT_RELEASED] = "released",
		[VERDICT_WOULD_RELEASE] = "would-release",
		[VERDICT_KEPT] = "kept",
		[VERDICT_REFUSED] = "refused",
		[VERDICT_FAILED] = "failed",
		[VERDICT_UNMATCHED] = "unmatched",
		[VERDICT_PROBLEM] = "problem",
	};

	return verdict < VERDICT_COUNT ? names[verdict] : NULL;
}

static struct finding *append(struct findings *findings)
{
	struct finding *items;
	size_t capacity;

	if (findings->count == findings->capacity) {
		capacity = findings->capacity ? findings->capacity * 2 : FIRST_CAPACITY;
		items = realloc(findings->items, capacity * sizeof(*items));
		if (!items) {
			findings->incomplete = true;
			return NULL;
		}
		findings->items = items;
		findings->capacity = capacity;
	}
	findings->items[findings->count] = (struct finding){0};
	return &findings->items[findings->count++];
}

void finding_add(struct findings *findings, enum severity severity, enum verdict verdict,
	enum guard guard, const struct pci_function *function, const struct rule *rule,
	const char *format, ...)
{
	struct finding *finding = append(findings);
	va_list arguments;

	if (!finding)
		return;
	finding->severity = severity;
	finding->verdict = verdict;
	finding->guard = guard;
	if (function) {
		finding->has_function = true;
		finding->address = function->address;
		finding->id = function->id;
		finding->class_code = function->class_code;
	}
	if (rule) {
		source_format(&rule->source, finding->origin, sizeof(finding->origin));
		if (rule->action == RULE_TAKE)
			memcpy(finding->driver, rule->driver, sizeof(finding->driver));
	}
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

void finding_add_problem(struct findings *findings, const struct problem *problem)
{
	struct finding *finding = append(findings);

	if (!finding)
		return;
	finding->severity = SEVERITY_ERROR;
	finding->verdict = VERDICT_PROBLEM;
	source_format(&problem->source, finding->origin, sizeof(finding->origin));
	if (problem->column > 0 && problem->source.line > 0) {
		size_t used = strlen(finding->origin);

		snprintf(finding->origin + used, sizeof(finding->origin) - used, ":%u",
			problem->column);
	}
	snprintf(finding->text, sizeof(finding->text), "%s", problem->text);
}

int findings_append(struct findings *findings, const struct finding *finding)
{
	struct finding *copy = append(findings);

	if (!copy)
		return -ENOMEM;
	*copy = *finding;
	return 0;
}

void findings_filter(struct findings *findings,
	bool (*wanted)(const void *context, const struct finding *finding),
	const void *context)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (wanted(context, &findings->items[i]))
			findings->items[count++] = findings->items[i];
	findings->count = count;
}

void findings_cut(struct findings *findings, size_t count)
{
	if (findings->count > count)
		findings->count = count;
}

void findings_clear(struct findings *findings)
{
	free(findings->items);
	*findings = (struct findings){0};
}
