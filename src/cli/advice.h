/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `check` finds, as data: what it is about, what is so, why it matters, what to do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum advice_level {
	ADVICE_OK,
	ADVICE_NOTE,    /* worth knowing; nothing has to be done */
	ADVICE_WARNING, /* the boot does what is configured, and maybe not what was meant
			 */
	ADVICE_ERROR,   /* the boot would not do what is configured */
	ADVICE_LEVEL_COUNT,
};

struct advice {
	enum advice_level level;
	const char *topic; /* one word: "plan", "iommu" */
	char *subject;     /* an address, a file, a kernel; "" for the whole machine */
	char *what;
	char *why; /* or NULL */
	char *fix; /* or NULL; where it is a command it is nothing else */
};

struct advices {
	struct advice *items;
	size_t count;
	bool incomplete; /* memory ran out */
};

/*
 * Adds one, to be filled by the functions below, which are about the last one. They never
 * fail in a way the caller has to handle: see incomplete.
 */
void advice_add(struct advices *advices, enum advice_level level, const char *topic,
	const char *subject);
__attribute__((format(printf, 2, 3))) void advice_what(
	struct advices *advices, const char *format, ...);
__attribute__((format(printf, 2, 3))) void advice_why(
	struct advices *advices, const char *format, ...);
__attribute__((format(printf, 2, 3))) void advice_fix(
	struct advices *advices, const char *format, ...);

/* The worst of all. */
enum advice_level advice_worst(const struct advices *advices);

/* As "warning"; NULL outside the enum. */
const char *advice_level_name(enum advice_level level);

void advices_clear(struct advices *advices);
