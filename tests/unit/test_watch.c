/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that end, die and hang. A child must not use assert_*(): it writes down what
 * it sees in shared memory, and the parent asserts.
 */
#include "apply/confine.h"
#include "apply/watch.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANG_SECONDS 60
/* A machine under load wakes late; waking early is always wrong. */
#define TOLERANCE_MS 2000

struct notes {
	unsigned runs;
	unsigned finished;
	unsigned left_out;    /* bit N: watch_enter() said no to device N */
	unsigned descriptors; /* besides 0, 1 and 2 */
	unsigned harmless;    /* of 0, 1 and 2: open, and cannot be written to */
	bool filtered;
	int exec_error;
	int shell_status;
	bool own_session;
	bool load_left_out;
	unsigned seen_attempt;
	unsigned seen_crashes;
};

static struct notes *notes;

static int begin(void **state)
{
	(void)state;
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(notes != MAP_FAILED);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return munmap(notes, sizeof(*notes));
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

/* Runs JOB and asserts how it ends and when: EXPECTED_MS to TOLERANCE_MS after it. */
static const struct watch *run(uint64_t deadline_ms, void (*job)(void *, struct watch *),
	enum watch_end expected, uint64_t expected_ms)
{
	const struct watch *watch;
	uint64_t started = now_ms(), elapsed;
	enum watch_end end = watch_run(deadline_ms, job, notes, &watch);

	elapsed = now_ms() - started;
	assert_int_equal(end, expected);
	assert_non_null(watch);
	assert_in_range(elapsed, expected_ms, expected_ms + TOLERANCE_MS);
	return watch;
}

static void finish_job(void *context, struct watch *watch)
{
	struct notes *my = context;
	struct dirent *entry;
	DIR *stream = opendir("/proc/self/fd");

	my->runs++;
	my->seen_attempt = watch->attempt;
	while (stream && (entry = readdir(stream)))
		my->descriptors += atoi(entry->d_name) > STDERR_FILENO &&
				   atoi(entry->d_name) != dirfd(stream);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		my->harmless += fcntl(fd, F_GETFD) == FD_CLOEXEC &&
				write(fd, "x", 1) < 0 && errno == EBADF;
	my->own_session = stream && getsid(0) == getpid();
	my->finished++;
}

static void exec_job(void *context, struct watch *watch)
{
	struct notes *my = context;

	(void)watch;
	confine();
	my->filtered = prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
	my->shell_status = system("true");
	execl("/bin/true", "true", NULL);
	my->exec_error = errno;
	execl("/proc/self/exe", "self", NULL);
	my->finished++;
}

/* Not even a shell that some library wants. */
static void test_runs_no_program(void **state)
{
	(void)state;
	assert_int_equal(system("true"), 0);
	run(3000, exec_job, WATCH_DONE, 0);
	if (!notes->filtered)
		skip();
	assert_int_equal(notes->finished, 1);
	assert_int_equal(notes->exec_error, EPERM);
	assert_true(notes->shell_status != 0);
	/* The parent is as it was. */
	assert_int_equal(system("true"), 0);
}

/* No descriptor of the parent is open in the child: neither 0 to 2 nor any other. */
static void test_finishes(void **state)
{
	int low = open("/", O_PATH), high, pipes[2];
	const struct watch *watch;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	high = fcntl(low, F_DUPFD, 700);
	assert_true(high >= 700);
	watch = run(3000, finish_job, WATCH_DONE, 0);
	assert_int_equal(watch->attempt, 1);
	assert_int_equal(watch->hung_count, 0);
	assert_int_equal(watch->crashes, 0);
	assert_int_equal(notes->runs, 1);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(notes->seen_attempt, 1);
	assert_int_equal(notes->descriptors, 0);
	assert_int_equal(notes->harmless, 3);
	assert_true(notes->own_session);
	/* The parent's own are still there. */
	assert_true(fcntl(high, F_GETFD) >= 0);
	close(low);
	close(high);
	close(pipes[0]);
	close(pipes[1]);
}

/* A job takes its time between calls and in calls, and nobody disturbs it. */
static void slow_job(void *context, struct watch *watch)
{
	const struct pci_address address = {.bus = 1};
	struct notes *my = context;

	my->runs++;
	for (unsigned i = 0; i < 4; i++) {
		watch_enter(watch, CALL_OVERRIDE, &address, "vfio-pci");
		usleep(200000);
		watch_leave(watch);
		usleep(100000);
	}
	my->finished++;
}

static void test_slow(void **state)
{
	const struct watch *watch;

	(void)state;
	watch = run(3000, slow_job, WATCH_DONE, 1200);
	assert_int_equal(notes->runs, 1);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(watch->hung_count, 0);
}

static void crash_once_job(void *context, struct watch *watch)
{
	struct notes *my = context;

	my->runs++;
	my->seen_crashes = watch->crashes;
	if (watch->attempt == 1)
		abort();
	my->finished++;
}

static void test_crash_once(void **state)
{
	const struct watch *watch;

	(void)state;
	watch = run(3000, crash_once_job, WATCH_DONE, 0);
	assert_int_equal(notes->runs, 2);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(notes->seen_crashes, 1);
	assert_int_equal(watch->crashes, 1);
	assert_int_equal(watch->hung_count, 0);
}

/* PID 1 and its scripts may ignore SIGCHLD, which the program inherits. */
static void test_crash_with_ignored_signal(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	run(3000, finish_job, WATCH_DONE, 0);
	run(3000, crash_once_job, WATCH_DONE, 0);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(notes->finished, 2);
}

static void crash_always_job(void *context, struct watch *watch)
{
	const struct pci_address address = {.bus = 1};
	struct notes *my = context;

	my->runs++;
	if (watch->attempt == 1)
		_exit(3);
	watch_enter(watch, CALL_PROBE, &address, NULL);
	if (watch->attempt % 2)
		kill(getpid(), SIGKILL); /* as the OOM killer does */
	abort();
}

static void test_crash_always(void **state)
{
	const struct watch *watch;

	(void)state;
	watch = run(3000, crash_always_job, WATCH_CRASHED, 0);
	assert_int_equal(notes->runs, WATCH_ATTEMPTS_MAX);
	assert_int_equal(watch->attempt, WATCH_ATTEMPTS_MAX);
	assert_int_equal(watch->crashes, WATCH_ATTEMPTS_MAX);
	assert_int_equal(watch->hung_count, 0);
}

/* Three devices; every call on the second one hangs. */
static void hang_on_device_job(void *context, struct watch *watch)
{
	struct notes *my = context;

	my->runs++;
	for (unsigned i = 0; i < 3; i++) {
		const struct pci_address address = {.bus = 1, .function = (uint8_t)i};

		if (!watch_enter(watch,
			    i == 1 && watch->attempt == 1 ? CALL_UNBIND : CALL_READ,
			    &address, "nouveau")) {
			my->left_out |= 1U << i;
			continue;
		}
		if (i == 1)
			hang();
		watch_leave(watch);
	}
	my->finished++;
}

/* A call may last 3 s, so this one needs more than that. */
static void test_hang_on_device(void **state)
{
	char words[WATCH_WORDS_MAX];
	const struct watch *watch;

	(void)state;
	watch = run(6000, hang_on_device_job, WATCH_DONE, 3000);
	assert_int_equal(notes->runs, 2);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(notes->left_out, 1U << 1);
	assert_int_equal(watch->crashes, 0);
	assert_int_equal(watch->hung_count, 1);
	assert_int_equal(watch->hung[0].kind, CALL_UNBIND);
	call_words(&watch->hung[0], words);
	assert_string_equal(words, "unbinding 0000:01:00.1 from nouveau");
}

/* A call without an address says nothing against the function at 0000:00:00.0. */
static void hang_in_release_job(void *context, struct watch *watch)
{
	static const struct pci_address zero;
	struct notes *my = context;

	my->runs++;
	if (watch_enter(watch, CALL_RELEASE, NULL, "efi-framebuffer.0"))
		hang();
	my->left_out = 1;
	if (watch_enter(watch, CALL_OVERRIDE, &zero, "vfio-pci") &&
		watch_enter(watch, CALL_LOAD, NULL, "efi-framebuffer.0") &&
		watch_enter(watch, CALL_RELEASE, NULL, "simple-framebuffer.0"))
		my->finished++;
	watch_leave(watch);
}

static void test_hang_in_release(void **state)
{
	char words[WATCH_WORDS_MAX];
	const struct watch *watch;

	(void)state;
	watch = run(6000, hang_in_release_job, WATCH_DONE, 3000);
	assert_int_equal(notes->runs, 2);
	assert_int_equal(notes->left_out, 1);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(watch->hung_count, 1);
	call_words(&watch->hung[0], words);
	assert_string_equal(
		words, "releasing the boot framebuffer from efi-framebuffer.0");
}

/* Two modules hang, the second only seen once the first is passed over. */
static void hang_in_load_job(void *context, struct watch *watch)
{
	static const char *const modules[] = {"vfio-pci", "vfio_iommu_type1"};
	const struct pci_address address = {.bus = 1};
	struct notes *my = context;

	my->runs++;
	for (unsigned i = 0; i < 2; i++) {
		if (watch_enter(watch, CALL_LOAD, NULL, modules[i]))
			hang();
		my->left_out |= 1U << i;
	}
	my->load_left_out = !watch_enter(watch, CALL_LOAD, NULL, "vfio-pci");
	/* A hung module says nothing about a device, not even the one with address 0. */
	if (watch_enter(watch, CALL_PROBE, &(struct pci_address){0}, NULL))
		watch_leave(watch);
	else
		return;
	if (watch_enter(watch, CALL_OVERRIDE, &address, "vfio-pci"))
		watch_leave(watch);
	my->finished++;
}

static void test_hang_in_load(void **state)
{
	char words[WATCH_WORDS_MAX];
	const struct watch *watch;

	(void)state;
	watch = run(3000, hang_in_load_job, WATCH_DONE, 2000);
	assert_int_equal(notes->runs, 3);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(notes->left_out, 3);
	assert_true(notes->load_left_out);
	assert_int_equal(watch->hung_count, 2);
	call_words(&watch->hung[1], words);
	assert_string_equal(words, "loading module vfio_iommu_type1");
}

/* After the load of its driver, which leaves two seconds. */
static void hang_in_settle_job(void *context, struct watch *watch)
{
	const struct pci_address address = {.bus = 1}, other = {.bus = 2};
	struct notes *my = context;

	my->runs++;
	if (watch_enter(watch, CALL_LOAD, NULL, "vfio-pci"))
		hang();
	my->load_left_out =
		watch_load_hung(watch, "vfio-pci") && !watch_load_hung(watch, "vfio");
	if (watch_enter(watch, CALL_SETTLE, &address, NULL))
		hang();
	if (!watch_enter(watch, CALL_READ, &address, NULL) &&
		watch_enter(watch, CALL_SETTLE, &other, NULL))
		my->finished++;
	watch_leave(watch);
}

static void test_hang_in_settle(void **state)
{
	char words[WATCH_WORDS_MAX];
	const struct watch *watch;

	(void)state;
	watch = run(6000, hang_in_settle_job, WATCH_DONE, 4500);
	assert_int_equal(notes->runs, 3);
	assert_true(notes->load_left_out);
	assert_int_equal(notes->finished, 1);
	assert_int_equal(watch->hung_count, 2);
	call_words(&watch->hung[1], words);
	assert_string_equal(words, "probing 0000:01:00.0");
}

static void hang_unannounced_job(void *context, struct watch *watch)
{
	const struct pci_address address = {.bus = 1};

	((struct notes *)context)->runs++;
	watch_enter(watch, CALL_PROBE, &address, NULL);
	watch_leave(watch);
	hang();
}

static void test_hang_unannounced(void **state)
{
	const struct watch *watch;

	(void)state;
	watch = run(1000, hang_unannounced_job, WATCH_DEADLINE, 1000);
	assert_int_equal(notes->runs, 1);
	assert_int_equal(watch->hung_count, 0);
}

/* The deadline is before the limit of the call: it is named all the same. */
static void test_hang_until_deadline(void **state)
{
	const struct watch *watch;

	(void)state;
	watch = run(1000, hang_on_device_job, WATCH_DEADLINE, 1000);
	assert_int_equal(notes->runs, 1);
	assert_int_equal(watch->hung_count, 1);
	assert_int_equal(watch->hung[0].address.function, 1);
}

/* Signals that init may have blocked or ignored do not keep a child alive. */
static void stubborn_job(void *context, struct watch *watch)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	hang_unannounced_job(context, watch);
}

static void test_child_is_gone(void **state)
{
	int pipes[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	run(500, stubborn_job, WATCH_DEADLINE, 500);
	/* A child that held the pipe would keep this from ending. */
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
}

/* Whoever waits for it is killed: the work ends too, instead of going on unwatched. */
static void test_killed_parent(void **state)
{
	const struct watch *watch;
	pid_t parent, orphan;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		watch_run(60000, stubborn_job, notes, &watch);
		_exit(0);
	}
	while (((volatile struct notes *)notes)->runs == 0)
		usleep(1000);
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	orphan = waitpid(-1, NULL, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	assert_true(orphan > 0 && orphan != parent);
}

static void test_words(void **state)
{
	static const struct {
		struct call call;
		const char *words;
	} rows[] = {
		{{.kind = CALL_NONE}, "no kernel call"},
		{{.kind = CALL_READ}, "reading the attributes of 0000:00:00.0"},
		{{.kind = CALL_OVERRIDE}, "writing driver_override of 0000:00:00.0"},
		{{.kind = CALL_PROBE}, "probing 0000:00:00.0"},
		{{.kind = CALL_BIND, .name = "vfio-pci"},
			"binding 0000:00:00.0 to vfio-pci"},
		{{.kind = CALL_LOAD, .name = "vfio-pci"}, "loading module vfio-pci"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char words[WATCH_WORDS_MAX];

		call_words(&rows[i].call, words);
		assert_string_equal(words, rows[i].words);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct rlimit no_core = {0, 0};
	const struct CMUnitTest tests[] = {
		test(test_finishes),
		test(test_runs_no_program),
		test(test_slow),
		test(test_crash_once),
		test(test_crash_with_ignored_signal),
		test(test_crash_always),
		test(test_hang_on_device),
		test(test_hang_in_release),
		test(test_hang_in_load),
		test(test_hang_in_settle),
		test(test_hang_unannounced),
		test(test_hang_until_deadline),
		test(test_child_is_gone),
		test(test_killed_parent),
		test(test_words),
	};

	setrlimit(RLIMIT_CORE, &no_core);
	alarm(HANG_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
