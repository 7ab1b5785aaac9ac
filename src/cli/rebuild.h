/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command that puts an edited configuration into the boot images of a system: by the
 * generators that are installed, and where there are several, by the traces of what made
 * the images that are there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REBUILD_MAX 8

struct rebuild {
	const char *const *commands[REBUILD_MAX]; /* argv of each */
	size_t count;
	/* Whether the one command can be run; else the user has to choose, or to do more.
	 */
	bool certain;
};

void rebuild_find(int root, struct rebuild *ret_rebuild);

/* Says on standard output what to run. */
void rebuild_say(const struct rebuild *rebuild);

/* Runs it, with its output as it comes. Complains; returns an exit status. */
int rebuild_run(const struct rebuild *rebuild);
