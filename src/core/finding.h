/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the user must know, as data: one finding is one line of the log and of the report.
 * Libraries add findings and print nothing; main decides where they go.
 */
#pragma once

#include "config.h"
#include "guard_name.h"
#include "machine.h"

#include <stdbool.h>
#include <stddef.h>

#define FINDING_TEXT_MAX   400
#define FINDING_ORIGIN_MAX 300

/* The numbers are those of syslog(3). */
enum severity {
	SEVERITY_ERROR = 3,
	SEVERITY_WARNING = 4,
	SEVERITY_NOTICE = 5,
	SEVERITY_INFO = 6,
	SEVERITY_DEBUG = 7,
};

enum verdict {
	VERDICT_NOTE,          /* worth knowing; nothing follows from it */
	VERDICT_BOUND,         /* on the wanted driver now */
	VERDICT_ALREADY,       /* was on the wanted driver before */
	VERDICT_WOULD_BIND,    /* dry run */
	VERDICT_RELEASED,      /* with the host again */
	VERDICT_WOULD_RELEASE, /* dry run */
	VERDICT_KEPT,          /* a keep rule protects it */
	VERDICT_REFUSED,       /* a guard refused; the finding names it */
	VERDICT_FAILED,        /* tried, did not work, given back */
	VERDICT_UNMATCHED,     /* a rule that names nothing this machine has */
	VERDICT_PROBLEM,       /* a config line that does not parse, a limit */
	VERDICT_COUNT,
};

struct finding {
	enum severity severity;
	enum verdict verdict;
	enum guard guard;
	bool has_function;
	struct pci_address address; /* with has_function: these three */
	struct pci_id id;
	uint32_t class_code;
	char driver[DRIVER_NAME_MAX];    /* the driver that was wanted, "" for none */
	char origin[FINDING_ORIGIN_MAX]; /* FILE:LINE of the rule, "" for none */
	char text[FINDING_TEXT_MAX];
};

struct findings {
	struct finding *items;
	size_t count;
	size_t capacity;
	bool incomplete; /* memory ran out while one was added */
};

/*
 * Adds one, and never fails in a way the caller has to handle: out of memory sets
 * findings->incomplete. FUNCTION and RULE may be NULL.
 */
__attribute__((format(printf, 7, 8))) void finding_add(struct findings *findings,
	enum severity severity, enum verdict verdict, enum guard guard,
	const struct pci_function *function, const struct rule *rule, const char *format,
	...);

/* The same for a problem of the config. */
void finding_add_problem(struct findings *findings, const struct problem *problem);

/* Adds a copy; returns 0 or -ENOMEM. */
int findings_append(struct findings *findings, const struct finding *finding);

/* Drops every finding that WANTED does not want. */
void findings_filter(struct findings *findings,
	bool (*wanted)(const void *context, const struct finding *finding),
	const void *context);

/* Drops all but the first COUNT. */
void findings_cut(struct findings *findings, size_t count);

void findings_clear(struct findings *findings);

/* "FILE:LINE", "FILE", or "" for no source. Truncates at SIZE. */
void source_format(const struct source *source, char *out, size_t size);

/* The word of the report format, as "bound"; NULL outside the enum. */
const char *verdict_name(enum verdict verdict);
