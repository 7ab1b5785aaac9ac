/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that look at a system and change nothing: what their main functions share. */
#pragma once

#include "options.h"
#include "sysroot.h"

struct look {
	struct option_reader reader;
	/* With the reader's context; returns the exit status. */
	int (*run)(void *context, const struct options *options,
		const struct sysroot *sysroot);
	int failed; /* the exit status where there is nothing to look at */
};

/* Reads the options, opens what --sysroot names, runs it. Returns the exit status. */
int look_main(const struct look *look, int argc, char **argv);
