/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static uint64_t ms_of(struct child_result (*run)(void), struct child_result *ret)
{
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	*ret = run();
	clock_gettime(CLOCK_MONOTONIC, &after);
	return (uint64_t)(after.tv_sec - before.tv_sec) * 1000 +
	       (uint64_t)((after.tv_nsec - before.tv_nsec) / 1000000);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void do_nothing(const void *context)
{
	(void)context;
}

static void end_with(const void *context)
{
	_exit(*(const int *)context);
}

static void die(const void *context)
{
	(void)signal(*(const int *)context, SIG_DFL);
	raise(*(const int *)context);
}

static void sleep_for_ever(const void *context)
{
	(void)context;
	for (;;)
		pause();
}

static void sleep_with_signals_off(const void *context)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sleep_for_ever(context);
}

/* What it leaves behind ends a little later, as a child of whoever reaps orphans. */
static void leave_an_orphan(const void *context)
{
	(void)context;
	if (fork() == 0) {
		usleep(20000);
		_exit(3);
	}
}

static struct child_result run_short(void)
{
	return child_run(60000, do_nothing, NULL);
}

static struct child_result run_long(void)
{
	return child_run(200, sleep_for_ever, NULL);
}

static void tells_how_the_child_ended(void **state)
{
	const int status = 7, signal_number = SIGTERM;
	struct child_result result;

	(void)state;
	result = child_run(60000, do_nothing, NULL);
	assert_int_equal(result.end, CHILD_ENDED);
	assert_int_equal(result.number, 0);
	result = child_run(60000, end_with, &status);
	assert_int_equal(result.end, CHILD_ENDED);
	assert_int_equal(result.number, status);
	result = child_run(60000, die, &signal_number);
	assert_int_equal(result.end, CHILD_KILLED);
	assert_int_equal(result.number, SIGTERM);
	assert_no_children();
}

static void returns_when_the_child_ends(void **state)
{
	struct child_result result;

	(void)state;
	assert_true(ms_of(run_short, &result) < 900);
	assert_int_equal(result.end, CHILD_ENDED);
}

static void returns_at_the_limit(void **state)
{
	struct child_result result;
	uint64_t ms = ms_of(run_long, &result);

	(void)state;
	assert_int_equal(result.end, CHILD_LATE);
	assert_true(ms >= 200 && ms < 2000);
	result = child_run(50, sleep_with_signals_off, NULL);
	assert_int_equal(result.end, CHILD_LATE);
	assert_no_children();
}

static void leaves_signals_and_descriptors_alone(void **state)
{
	sigset_t wanted, before, after, pending;
	struct sigaction action;
	unsigned descriptors = count_descriptors();

	(void)state;
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigprocmask(SIG_SETMASK, &wanted, &before);
	(void)child_run(60000, do_nothing, NULL);
	(void)child_run(50, sleep_for_ever, NULL);
	sigprocmask(SIG_SETMASK, NULL, &after);
	sigpending(&pending);
	sigaction(SIGCHLD, NULL, &action);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (int number = 1; number < SIGRTMIN; number++) {
		assert_int_equal(sigismember(&after, number), number == SIGUSR1);
		assert_int_equal(sigismember(&pending, number), 0);
	}
	assert_true(action.sa_handler == SIG_DFL);
	assert_int_equal(count_descriptors(), descriptors);
}

static void gives_the_child_the_callers_mask(void **state)
{
	sigset_t blocked, before;
	const int signal_number = SIGUSR2;
	struct child_result result;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	result = child_run(60000, die, &signal_number);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(result.end, CHILD_ENDED);
}

static void takes_an_ignored_sigchld(void **state)
{
	struct child_result result;

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	result = child_run(60000, do_nothing, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_int_equal(result.end, CHILD_ENDED);
	assert_int_equal(result.number, 0);
}

static void reaps_orphans(void **state)
{
	struct child_result result;

	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	result = child_run(60000, leave_an_orphan, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	assert_int_equal(result.end, CHILD_ENDED);
	assert_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_how_the_child_ended),
		cmocka_unit_test(returns_when_the_child_ends),
		cmocka_unit_test(returns_at_the_limit),
		cmocka_unit_test(leaves_signals_and_descriptors_alone),
		cmocka_unit_test(gives_the_child_the_callers_mask),
		cmocka_unit_test(takes_an_ignored_sigchld),
		cmocka_unit_test(reaps_orphans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
