/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user asks for on the running system: the boot run with the rules of a command
 * line, and the way back. The child that does it, or only plans, cannot print, so its
 * report goes through memory that it shares with its parent.
 */
#pragma once

#include "apply/watch.h"
#include "boot_run.h"
#include "core/selection.h"

#include <stdio.h>

/*
 * Puts the rules of the command line in the place of those that take, and for a release
 * of all. What the kernel command line says about a boot does not count. Returns 0 or
 * -errno.
 */
int now_rules(const struct boot_options *options, struct config *config);

/* Adds what the session needs that this was started from; with a sysroot there is none.
 */
void now_learn_session(
	const struct boot_options *options, int root, struct machine *machine);

/* With plan_only it only says what it would do. */
void now_release(const struct boot_options *options, struct watch *watch, int root,
	const struct selection *selection, struct findings *findings);

struct now_text;

/* NULL when out of memory; lives until the process ends. */
struct now_text *now_text_make(void);

/* In the child. What has no room is missing, and then nothing is printed. */
void now_text_begin(struct now_text *text);
void now_text_add(struct now_text *text, const char *bytes);
void now_text_add_report(struct now_text *text, const struct report *report);

/* In the parent, once the child has ended. Returns 0 or -errno. */
int now_text_print(const struct now_text *text, FILE *out);
