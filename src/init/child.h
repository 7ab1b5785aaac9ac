/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a job in a child process and waits for it no longer than a limit.
 *
 * For PID 1 before its real program: when child_run() returns, the caller has the signal
 * mask, the pending signals, the descriptors and the children that it had before; all but
 * a child that hangs in the kernel, which cannot be killed and is left behind.
 *
 * Waiting is sigtimedwait(2) on a blocked SIGCHLD. A signal whose default is to be
 * ignored is still queued while it is blocked (sig_ignored() in kernel/signal.c).
 */
#pragma once

enum child_end {
	CHILD_ENDED,     /* number is its exit status */
	CHILD_KILLED,    /* by a signal of its own making; number is the signal */
	CHILD_LATE,      /* killed at the limit, or abandoned; number is 0 */
	CHILD_NOT_BEGUN, /* no process could be started; number is the errno */
};

struct child_result {
	enum child_end end;
	int number;
};

/*
 * The child runs JOB and then ends with status 0. What it leaves behind and what
 * therefore became a child of the caller (PID 1, or a subreaper) is reaped too, if it
 * ends at once.
 */
struct child_result child_run(
	unsigned limit_ms, void (*job)(const void *context), const void *context);
