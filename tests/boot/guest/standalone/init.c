/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The /init of a tiny initramfs: tells on the console what a real init would find itself
 * with, then what became of the PCI functions and of our log lines, then what the host's
 * program foresees, and ends the machine.
 *
 * Between @state-begin and @state-end stands only what has to be the same whether another
 * program was PID 1 before or not.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LOG_BYTES (1 << 22)

extern char **environ;

static void tell_file(const char *path)
{
	static const char *const volatile_words[] = {
		"Vm", "Rss", "voluntary_ctxt", "nonvoluntary_ctxt", "Hugetlb"};
	char line[4096];
	FILE *file = fopen(path, "r");

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		int skip = 0;

		for (size_t i = 0; i < sizeof(volatile_words) / sizeof(*volatile_words);
			i++)
			skip |= strncmp(line, volatile_words[i],
					strlen(volatile_words[i])) == 0;
		if (!skip)
			printf("%s: %s", path, line);
	}
	fclose(file);
}

static void tell_link(const char *path)
{
	char target[4096];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	target[length < 0 ? 0 : length] = '\0';
	printf("%s -> %s\n", path, target);
}

static void tell_descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (access(path, F_OK) < 0 && errno == ENOENT)
			continue;
		tell_link(path);
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		tell_file(path);
	}
}

/* Of kernel threads only the one that all others come from is a child of nobody. */
static void tell_processes(void)
{
	DIR *dir = opendir("/proc");
	int dead = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[300], name[64] = "", state = '?';
		int pid = atoi(entry->d_name), parent = 0;
		FILE *file;

		if (pid <= 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "r");
		if (file &&
			fscanf(file, "%*d (%63[^)]) %c %d", name, &state, &parent) == 3 &&
			parent == 1)
			printf("child %s %c\n", name, state);
		if (file)
			fclose(file);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		dead++;
	printf("dead children %d\n", dead);
}

static void tell_state(int argc, char **argv)
{
	static const char *const files[] = {"/proc/self/mounts", "/proc/self/status",
		"/proc/self/limits", "/proc/self/oom_score_adj",
		"/proc/self/timerslack_ns", "/proc/self/personality", "/proc/self/cgroup",
		"/proc/self/sched_autogroup"};
	static const char *const links[] = {"/proc/self/cwd", "/proc/self/root",
		"/proc/self/ns/mnt", "/proc/self/ns/pid", "/proc/self/ns/net",
		"/proc/self/ns/user", "/proc/self/ns/ipc", "/proc/self/ns/uts"};

	for (int i = 0; i < argc; i++)
		printf("argument %d %s\n", i, argv[i]);
	for (char **word = environ; *word; word++)
		printf("environment %s\n", *word);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		tell_file(files[i]);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		tell_link(links[i]);
	tell_descriptors();
	tell_processes();
	printf("session %d group %d nice %d umask %o\n", (int)getsid(0), (int)getpgrp(),
		nice(0), umask(0));
}

static void tell_names_in_root(void)
{
	struct dirent **names;
	int count = scandir("/", &names, NULL, alphasort);

	for (int i = 0; i < count; i++)
		if (strcmp(names[i]->d_name, "vfio-early") != 0)
			printf("name %s\n", names[i]->d_name);
}

static void tell_drivers(void)
{
	struct dirent **names;
	int count = scandir("/sys/bus/pci/devices", &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
			names[i]->d_name);
		if (access(path, F_OK) == 0)
			tell_link(path);
	}
}

static void tell_log(void)
{
	char *log = malloc(LOG_BYTES), *line, *next;
	int length = log ? klogctl(3, log, LOG_BYTES - 1) : -1;

	for (line = log; length > 0 && line < log + length; line = next) {
		next = memchr(line, '\n', (size_t)(log + length - line));
		if (next)
			*next++ = '\0';
		else
			next = log + length;
		if (strstr(line, "vfio-early: "))
			printf("log %s\n", strstr(line, "vfio-early: ") + 12);
	}
}

static void tell_foreseen(void)
{
	static const char program[] = "/usr/lib/vfio-test/host/vfio-early";
	pid_t pid;

	(void)klogctl(6, NULL, 0); /* nothing of the kernel's between the lines */
	printf("@foreseen-begin\n");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			fclose(stderr);
		execl(program, program, "check", "--json", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	printf("@foreseen-end\n");
}

/* A device that hangs would hold up an orderly end. */
static void end_machine(void)
{
	FILE *trigger = fopen("/proc/sysrq-trigger", "w");

	if (trigger) {
		fputs("b", trigger);
		fclose(trigger);
	}
	reboot(RB_AUTOBOOT);
}

int main(int argc, char **argv)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		printf("no /proc: %s\n", strerror(errno));
	printf("\n@state-begin\n");
	tell_state(argc, argv);
	tell_names_in_root();
	printf("@state-end\n");
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		printf("no /sys: %s\n", strerror(errno));
	tell_drivers();
	tell_log();
	printf("file /vfio-early/run/vfio-early/report %s\n",
		access("/vfio-early/run/vfio-early/report", F_OK) == 0 ? "there"
								       : "missing");
	tell_foreseen();
	printf("@end\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	end_machine();
	return 0;
}
