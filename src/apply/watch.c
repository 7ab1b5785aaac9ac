/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Limits of one call, in milliseconds. A module may wait for slow disks: do_init_module()
 * ends in async_synchronize_full(). A driver's probe may talk to slow firmware. */
#define LIMIT_MS_SHORT 3000
#define LIMIT_MS_PROBE 5000
/* A probe that should have been over for long, when little time is left. */
#define LIMIT_MS_SETTLE 500
/* What a module load has to leave for giving devices back. */
#define RESERVE_MS 2000
/* What a killed child gets to be gone. */
#define LIMIT_MS_DYING 100

uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

bool call_goes_by_name(enum call_kind kind)
{
	return kind == CALL_LOAD || kind == CALL_BLOCK || kind == CALL_RELEASE;
}

static bool would_hang(const struct call *call, const struct call *hung)
{
	if (call_goes_by_name(call->kind) || call_goes_by_name(hung->kind))
		return call->kind == hung->kind && strcmp(call->name, hung->name) == 0;
	if (call->kind == CALL_SCAN && hung->kind != CALL_SCAN)
		return false;
	return pci_address_compare(&call->address, &hung->address) == 0;
}

static uint64_t limit_of(const struct watch *watch, enum call_kind kind)
{
	uint64_t now = now_ms(), limit = now + LIMIT_MS_SHORT;

	switch (kind) {
	case CALL_LOAD:
		limit = watch->deadline_ms > RESERVE_MS ? watch->deadline_ms - RESERVE_MS
							: watch->deadline_ms;
		if (limit < now + LIMIT_MS_SHORT / 3)
			limit = now + LIMIT_MS_SHORT / 3;
		break;
	case CALL_PROBE:
	case CALL_BIND:
		limit = now + LIMIT_MS_PROBE;
		break;
	case CALL_SETTLE:
		limit = now + LIMIT_MS_SETTLE;
		break;
	case CALL_NONE:
	case CALL_SCAN:
	case CALL_READ:
	case CALL_OVERRIDE:
	case CALL_SET:
	case CALL_UNBIND:
	case CALL_BLOCK:
	case CALL_RELEASE:
		break;
	}
	return limit < watch->deadline_ms ? limit : watch->deadline_ms;
}

bool watch_enter(struct watch *watch, enum call_kind kind,
	const struct pci_address *address, const char *name)
{
	struct call call = {.kind = kind};

	if (address)
		call.address = *address;
	if (name)
		snprintf(call.name, sizeof(call.name), "%s", name);
	for (unsigned i = 0; i < watch->hung_count; i++)
		if (would_hang(&call, &watch->hung[i]))
			return false;
	watch->call = call;
	atomic_store(&watch->call_limit_ms, limit_of(watch, kind));
	return true;
}

bool watch_load_hung(const struct watch *watch, const char *module)
{
	for (unsigned i = 0; i < watch->hung_count; i++)
		if (watch->hung[i].kind == CALL_LOAD &&
			strcmp(watch->hung[i].name, module) == 0)
			return true;
	return false;
}

void watch_leave(struct watch *watch)
{
	atomic_store(&watch->call_limit_ms, 0);
}

void call_words(const struct call *call, char out[WATCH_WORDS_MAX])
{
	char address[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(&call->address, address);
	switch (call->kind) {
	case CALL_NONE:
		snprintf(out, WATCH_WORDS_MAX, "no kernel call");
		break;
	case CALL_SCAN:
	case CALL_READ:
		snprintf(out, WATCH_WORDS_MAX, "reading the attributes of %s", address);
		break;
	case CALL_OVERRIDE:
		snprintf(out, WATCH_WORDS_MAX, "writing driver_override of %s", address);
		break;
	case CALL_SET:
		snprintf(out, WATCH_WORDS_MAX, "writing %s of %s", call->name, address);
		break;
	case CALL_UNBIND:
		snprintf(out, WATCH_WORDS_MAX, "unbinding %s from %s", address,
			call->name);
		break;
	case CALL_PROBE:
	case CALL_SETTLE:
		snprintf(out, WATCH_WORDS_MAX, "probing %s", address);
		break;
	case CALL_BIND:
		snprintf(out, WATCH_WORDS_MAX, "binding %s to %s", address, call->name);
		break;
	case CALL_LOAD:
		snprintf(out, WATCH_WORDS_MAX, "loading module %s", call->name);
		break;
	case CALL_BLOCK:
		snprintf(out, WATCH_WORDS_MAX, "reading the disk %s", call->name);
		break;
	case CALL_RELEASE:
		snprintf(out, WATCH_WORDS_MAX, "releasing the boot framebuffer from %s",
			call->name);
		break;
	}
}

/*
 * Leaves no inherited descriptor open, and puts one that nothing can be written to in the
 * place of the first three: what a library might print must not get into whichever file
 * of sysfs is opened next. "/" is there where /dev/null is not.
 */
static void replace_descriptors(void)
{
	if (syscall(SYS_close_range, 0U, ~0U, 0U) < 0)
		for (int fd = 0; fd < (int)sysconf(_SC_OPEN_MAX) && fd < 4096; fd++)
			close(fd);
	if (openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC) == STDIN_FILENO)
		for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
			(void)dup3(STDIN_FILENO, fd, O_CLOEXEC);
}

static pid_t start(struct watch *watch, void (*job)(void *context, struct watch *watch),
	void *context)
{
	pid_t pid;

	watch->attempt++;
	atomic_store(&watch->call_limit_ms, 0);
	pid = fork();
	if (pid != 0)
		return pid;
	setsid();
	/* Without its parent nobody would give it up, or tell how it ended. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	replace_descriptors();
	job(context, watch);
	watch->done = true;
	_exit(0);
}

enum child_end { CHILD_DONE, CHILD_CRASHED, CHILD_HUNG, CHILD_LATE };

/* Milliseconds until the next moment at which something has to be decided. */
static int wait_ms(const struct watch *watch, uint64_t now)
{
	uint64_t until = atomic_load(&watch->call_limit_ms);

	if (until == 0 || until > watch->deadline_ms)
		until = watch->deadline_ms;
	/* A call that begins while we sleep has its own limit: look again by then. */
	if (until > now + LIMIT_MS_SETTLE)
		until = now + LIMIT_MS_SETTLE;
	return until > now ? (int)(until - now) : 0;
}

/* The status is not asked: where SIGCHLD is ignored there is none. */
static bool has_ended(const struct watch *watch, pid_t pid, enum child_end *ret_end)
{
	pid_t r = waitpid(pid, NULL, WNOHANG);

	if (r == 0 || (r < 0 && errno == EINTR))
		return false;
	*ret_end = watch->done ? CHILD_DONE : CHILD_CRASHED;
	return true;
}

/*
 * Leaves a child behind. It gets a moment to die, as it does unless its call really never
 * returns; the call is noted as hung only if it is still the one that ran out of time.
 */
static enum child_end abandon(
	struct watch *watch, pid_t pid, struct pollfd *poll_fd, uint64_t limit)
{
	enum child_end end;

	kill(pid, SIGKILL);
	(void)poll(poll_fd, poll_fd->fd >= 0 ? 1 : 0, LIMIT_MS_DYING);
	if (has_ended(watch, pid, &end) && end == CHILD_DONE)
		return end;
	if (limit != 0 && atomic_load(&watch->call_limit_ms) == limit &&
		watch->hung_count < WATCH_HUNG_MAX)
		watch->hung[watch->hung_count++] = watch->call;
	return now_ms() >= watch->deadline_ms ? CHILD_LATE : CHILD_HUNG;
}

static enum child_end wait_for(struct watch *watch, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	enum child_end end = CHILD_LATE;

	while (!has_ended(watch, pid, &end)) {
		uint64_t now = now_ms(), limit = atomic_load(&watch->call_limit_ms);

		if (now >= watch->deadline_ms || (limit != 0 && now >= limit)) {
			end = abandon(watch, pid, &poll_fd, limit);
			break;
		}
		/* Without pidfd_open (before Linux 5.3) look every 10 ms. */
		(void)poll(&poll_fd, fd >= 0 ? 1 : 0, fd >= 0 ? wait_ms(watch, now) : 10);
	}
	if (fd >= 0)
		close(fd);
	return end;
}

enum watch_end watch_run(uint64_t deadline_ms,
	void (*job)(void *context, struct watch *watch), void *context,
	const struct watch **ret_watch)
{
	struct watch *watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*ret_watch = NULL;
	if (watch == MAP_FAILED)
		return WATCH_NO_CHILD;
	*ret_watch = watch;
	watch->deadline_ms = now_ms() + deadline_ms;
	while (watch->attempt < WATCH_ATTEMPTS_MAX) {
		pid_t pid = start(watch, job, context);

		if (pid < 0 && watch->attempt == 1)
			return WATCH_NO_CHILD;
		if (pid < 0)
			break;
		switch (wait_for(watch, pid)) {
		case CHILD_DONE:
			return WATCH_DONE;
		case CHILD_CRASHED:
			watch->crashes++;
			break;
		case CHILD_HUNG:
			break;
		case CHILD_LATE:
			return WATCH_DEADLINE;
		}
	}
	return watch->crashes > 0 ? WATCH_CRASHED : WATCH_DEADLINE;
}
