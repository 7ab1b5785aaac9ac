/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-early-init: the program rdinit= names, in the archive that `vfio-early image`
 * writes.
 *
 * The kernel starts it as PID 1. It has vfio-early-boot run in a child that sees only
 * /vfio-early, waits for that no longer than WHOLE_LIMIT_MS, and becomes the /init of the
 * real initramfs, whatever happened: with the arguments, environment, descriptors, signal
 * mask and so on that the kernel gave. Two processes deep, because the one in the middle
 * may hang in a mount, and has to tell of the inner one's end:
 *
 *   PID 1 > supervise(): own mounts, the kernel log > vfio-early-boot
 */
#include "child.h"
#include "say.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BINARY "/usr/lib/vfio-early/vfio-early-boot"
/* It returns by itself within 10 s. */
#define BINARY_LIMIT_MS     12000
#define WHOLE_LIMIT_MS      15000
#define SAY_LIMIT_MS        1000
#define EXIT_USAGE          64
#define EXIT_NOTHING_TO_RUN 127

struct failure {
	const char *what;
	const char *why;
	const char *then;
};

/* The binary needs no descriptors and no environment; what the kernel passed is not its.
 */
static void execute(const void *context)
{
	static char name[] = "vfio-early-boot";
	static char *const argv[] = {name, NULL};
	static char *const no_environment[] = {NULL};
	struct line line;
	int null = open("/dev/null", O_RDWR);

	(void)context;
	/* Should the supervisor be given up, nothing is to go on beside the real init. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0)
			close(fd);
		else
			(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	execve(BINARY, argv, no_environment);
	line_begin(&line, SAY_ERROR);
	line_add(&line, TREE BINARY " could not be run: ");
	line_add(&line, strerror(errno));
	line_add(&line, "; no device was taken, the boot goes on: write the archive anew "
			"with vfio-early image");
	line_say(&line);
}

static void say_end(const struct child_result *result)
{
	struct line line;

	line_begin(&line, SAY_ERROR);
	switch (result->end) {
	case CHILD_ENDED:
		if (result->number == 0)
			return;
		line_add(&line, "vfio-early-boot ended with status ");
		line_add_number(&line, (unsigned)result->number);
		break;
	case CHILD_KILLED:
		line_add(&line, "vfio-early-boot died of signal ");
		line_add_number(&line, (unsigned)result->number);
		break;
	case CHILD_LATE:
		line_add(&line, "vfio-early-boot was not done after ");
		line_add_number(&line, BINARY_LIMIT_MS / 1000);
		line_add(&line, " s and was left behind");
		break;
	case CHILD_NOT_BEGUN:
		line_add(&line, "vfio-early-boot could not be started: ");
		line_add(&line, strerror(result->number));
		break;
	}
	line_add(&line,
		"; the boot goes on, lspci -k shows what was done; please report this");
	line_say(&line);
}

static void supervise(const void *context)
{
	struct child_result result;

	(void)context;
	if (tree_enter() < 0)
		return;
	/* What the binary leaves behind is reaped here, not by the real init. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	result = child_run(BINARY_LIMIT_MS, execute, NULL);
	say_end(&result);
}

static void say_failure(const void *context)
{
	const struct failure *failure = context;
	struct line line;

	(void)tree_enter();
	line_begin(&line, SAY_ERROR);
	line_add(&line, failure->what);
	line_add(&line, failure->why);
	line_add(&line, failure->then);
	line_say(&line);
}

static void in_the_log(const char *what, const char *why, const char *then)
{
	const struct failure failure = {what, why, then};

	(void)child_run(SAY_LIMIT_MS, say_failure, &failure);
}

/* Becomes PATH as the kernel would start it; returns why not. */
static const char *become(char *path, char **argv)
{
	static char *alone[2];

	if (!argv[0])
		argv = alone;
	argv[0] = path;
	execve(path, argv, environ);
	return strerror(errno);
}

/* Returns only when there is nothing to run; the kernel panics then, as without us. */
static void hand_over(char **argv)
{
	static char init[] = "/init";
	/* What kernel_init() of init/main.c tries where rdinit= was no success, in its
	 * order. */
	static char fallbacks[][sizeof("/sbin/init")] = {
		"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
	const char *why = "it is this program itself";

	/* Were this program put in the place of /init, it would start itself for ever. */
	if (!argv[0] || strcmp(argv[0], init) != 0)
		why = become(init, argv);
	in_the_log("the /init of the initramfs could not be run: ", why,
		"; this archive has to be loaded together with an initramfs; trying "
		"/sbin/init, /etc/init, /bin/init and /bin/sh");
	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++)
		why = become(fallbacks[i], argv);
	in_the_log("there is no other program to run either: ", why,
		"; boot without rdinit= and without this archive");
}

static int refuse(void)
{
	static const char text[] =
		"vfio-early-init: only the kernel can start this, as rdinit=" TREE
		"/init with an archive that vfio-early image wrote; see vfio-early(8)\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* The status says enough. */
	}
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct child_result result;

	(void)argc;
	if (getpid() != 1)
		return refuse();
	result = child_run(WHOLE_LIMIT_MS, supervise, NULL);
	if (result.end != CHILD_ENDED)
		in_the_log(
			"vfio-early-boot was given up, the boot goes on: its supervisor ",
			result.end == CHILD_LATE     ? "did not return"
			: result.end == CHILD_KILLED ? "died"
						     : "could not be started",
			"; lspci -k shows what was done; please report this");
	hand_over(argv);
	return EXIT_NOTHING_TO_RUN;
}
