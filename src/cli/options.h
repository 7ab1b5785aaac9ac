/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of a verb: options that many verbs share, its own ones, operands. */
#pragma once

#include <getopt.h>
#include <stdbool.h>

struct options {
	const char *sysroot; /* NULL: this system */
	bool json;
	bool quiet; /* warnings are left out */
	bool no_colour;
	char **operands; /* ends with NULL */
	int operand_count;
};

#define OPTIONS_SYSROOT 0x1U
#define OPTIONS_JSON    0x2U
#define OPTIONS_OWN_MAX 12

struct option_reader {
	const char *verb;
	const char *usage;        /* what --help prints */
	unsigned shared;          /* which of the shared options the verb has */
	const struct option *own; /* ends with zeros; values from 256 on */
	/* One of the verb's own options; returns 0 or EXIT_USAGE after complaining. */
	int (*take)(void *context, int option, const char *value);
	void *context;
	int operands_max;
};

/* Complains that there is no option WORD, with the nearest of KNOWN; EXIT_USAGE. */
int options_unknown(const char *verb, const struct option *known, const char *word);

/*
 * Complains itself. Returns a negative number to go on; else the exit status, which
 * --help and mistakes have.
 */
int options_read(const struct option_reader *reader, int argc, char **argv,
	struct options *options);
