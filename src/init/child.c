/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a killed child, and the orphans of one that ended, get to be gone. */
#define DYING_MS 100
/* Where SIGCHLD is ignored, none arrives: look this often all the same. */
#define LOOK_MS 1000

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Sleeps until a child has ended, or until LIMIT at the latest. */
static void sleep_until(const sigset_t *sigchld, uint64_t now, uint64_t limit)
{
	uint64_t ms = limit - now < LOOK_MS ? limit - now : LOOK_MS;
	struct timespec time = {
		.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)sigtimedwait(sigchld, NULL, &time);
}

static bool has_ended(pid_t pid, struct child_result *result)
{
	int status = 0;
	pid_t r = waitpid(pid, &status, WNOHANG);

	if (r == 0 || (r < 0 && errno == EINTR))
		return false;
	/* With SIGCHLD ignored there is no status to be had: r is -1. */
	if (r > 0 && WIFSIGNALED(status))
		*result = (struct child_result){CHILD_KILLED, WTERMSIG(status)};
	else
		*result = (struct child_result){
			CHILD_ENDED, r > 0 ? WEXITSTATUS(status) : 0};
	return true;
}

static struct child_result wait_for(pid_t pid, const sigset_t *sigchld, unsigned limit_ms)
{
	const struct child_result late = {CHILD_LATE, 0};
	struct child_result result;
	uint64_t limit = now_ms() + limit_ms;
	bool killed = false;

	while (!has_ended(pid, &result)) {
		uint64_t now = now_ms();

		if (now >= limit && killed)
			return late;
		if (now >= limit) {
			kill(pid, SIGKILL);
			killed = true;
			limit = now + DYING_MS;
		}
		sleep_until(sigchld, now, limit);
	}
	return killed ? late : result;
}

static void reap_orphans(const sigset_t *sigchld)
{
	uint64_t now = now_ms(), limit = now + DYING_MS;
	pid_t r;

	while ((r = waitpid(-1, NULL, WNOHANG)) > 0 || (r == 0 && now < limit)) {
		if (r == 0)
			sleep_until(sigchld, now, limit);
		now = now_ms();
	}
}

struct child_result child_run(
	unsigned limit_ms, void (*job)(const void *context), const void *context)
{
	struct child_result result = {CHILD_NOT_BEGUN, 0};
	sigset_t sigchld, before;
	pid_t pid;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &sigchld, &before);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		job(context);
		_exit(0);
	}
	if (pid < 0) {
		result.number = errno;
	} else {
		result = wait_for(pid, &sigchld, limit_ms);
		reap_orphans(&sigchld);
		while (sigtimedwait(&sigchld, NULL, &(struct timespec){0}) > 0)
			; /* the last child's signal is not the next program's */
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
