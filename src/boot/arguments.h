/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of vfio-early-boot. */
#pragma once

#include "boot_run.h"

struct arguments {
	struct boot_options boot;
	unsigned deadline_seconds;
	bool drivers;  /* --drivers */
	bool facts;    /* --facts */
	bool problems; /* --problems */
};

/*
 * Complains itself. Returns a negative number to go on; else the exit status, which
 * --help and mistakes have: 0 where memory lacks, as at boot. *ret_arguments refers to
 * ARGV and is to be cleared in any case.
 */
int arguments_read(int argc, char **argv, struct arguments *ret_arguments);
void arguments_clear(struct arguments *arguments);
