/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "program.h"

#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

/* An ordinary user's PATH may lack the folders of depmod and modinfo. */
static void widen_path(void)
{
	const char *path = getenv("PATH");
	cleanup_free char *wide = NULL;

	if (!path || !*path)
		setenv("PATH", SYSTEM_PATH, 1);
	else if (asprintf(&wide, "%s:" SYSTEM_PATH, path) >= 0)
		setenv("PATH", wide, 1);
}

static _Noreturn void execute(char *const argv[], int out, int report)
{
	int error;

	if (out >= 0)
		(void)dup2(out, STDOUT_FILENO);
	(void)signal(SIGPIPE, SIG_DFL);
	widen_path();
	execvp(argv[0], argv);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static void read_lines(int fd, void (*line)(void *context, char *text), void *context)
{
	FILE *stream = fdopen(fd, "r");
	cleanup_free char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (!stream) {
		close(fd);
		return;
	}
	while ((length = getline(&text, &size, stream)) > 0) {
		if (text[length - 1] == '\n')
			text[length - 1] = '\0';
		line(context, text);
	}
	(void)fclose(stream);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int program_run(
	char *const argv[], void (*line)(void *context, char *text), void *context)
{
	int out[2] = {-1, -1}, report[2], error = 0, status;
	ssize_t told;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	if (line && pipe2(out, O_CLOEXEC) < 0) {
		error = errno;
		close(report[0]);
		close(report[1]);
		return -error;
	}
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		execute(argv, out[1], report[1]);
	error = pid < 0 ? errno : 0;
	close(report[1]);
	if (line)
		close(out[1]);
	/* Empty once the program runs: the descriptor is closed by execve(2). */
	told = read(report[0], &error, sizeof(error));
	close(report[0]);
	if (line && error == 0)
		read_lines(out[0], line, context);
	else if (line)
		close(out[0]);
	if (pid < 0)
		return -error;
	status = wait_for(pid);
	return told > 0 ? -error : status;
}
