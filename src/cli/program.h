/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs other programs, without a shell. They are also looked for in /usr/sbin and /sbin.
 */
#pragma once

/*
 * Hands every line that the program prints to LINE, which may be NULL: then its output is
 * ours. Its standard error is ours. Returns its exit status, 128 and its signal, or
 * -errno where it could not be run.
 */
int program_run(
	char *const argv[], void (*line)(void *context, char *text), void *context);
