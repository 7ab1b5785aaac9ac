/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PID 1 of the benchmark: tells the devices to bind from the others by their id, writes
 * the configuration of every way, runs each way of /bench/ways ("NAME COMMAND
 * [ARGUMENT...]", one a line), and prints on the console what the clock says:
 *
 *   bench functions=N devices=N
 *   bench way=NAME ns=N last=N status=N bound=N
 *   bench end
 *
 * "ns" is from before the fork to the end of the program, "last" to the moment at which
 * the last device was bound: the kernel calls driver_bound() then (drivers/base/dd.c),
 * and its function tracer notes the time, to a microsecond. 0: no device was.
 *
 * With /bench/calls the system calls and page faults of each way, and their times, are
 * printed as well.
 *
 * After each way everything is given back and the modules are removed.
 */
#include "guest.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TRACING     "/sys/kernel/tracing"
#define WANTED      "0x293e" /* the device id of what is to be bound; others have another */
#define DEVICES_MAX 256
#define WORDS_MAX   16

static char devices[DEVICES_MAX][32];
static int device_count;

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int find_devices(void)
{
	DIR *dir = opendir(DEVICES_DIR);
	struct dirent *entry;
	int functions = 0;

	while (dir && (entry = readdir(dir))) {
		char path[256], id[16];

		if (entry->d_name[0] == '.')
			continue;
		functions++;
		snprintf(path, sizeof(path), DEVICES_DIR "/%.32s/device", entry->d_name);
		read_line(path, id, sizeof(id));
		if (strcmp(id, WANTED) == 0 && device_count < DEVICES_MAX)
			snprintf(devices[device_count++], sizeof(devices[0]), "%.31s",
				entry->d_name);
	}
	if (dir)
		closedir(dir);
	qsort(devices, (size_t)device_count, sizeof(devices[0]), compare);
	return functions;
}

/* The rule that `vfio-early add` writes: by the path from the root bus, whose first step
 * has the bus, and the others have not. */
static void add_path_rule(const char *device, char *rules)
{
	char path[128], link[512] = "", *part, *rest;
	int steps = 0;

	snprintf(path, sizeof(path), DEVICES_DIR "/%s", device);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		printf("bench error=%s:%s\n", path, strerror(errno));
	rules += strlen(rules);
	rules += sprintf(rules, "path=");
	for (part = strtok_r(link, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
		if (strlen(part) != strlen("0000:00:00.0") || part[10] != '.')
			continue;
		rules += steps++ == 0 ? sprintf(rules, "%s", part + strlen("0000:"))
				      : sprintf(rules, "/%s", part + strlen("0000:00:"));
	}
	sprintf(rules, " id=8086:293e\n");
}

/* What each way reads. */
static void write_configs(void)
{
	static char config[DEVICES_MAX * 64], list[DEVICES_MAX * 32];
	static char by_path[DEVICES_MAX * 64];
	char path[128];

	config[0] = list[0] = by_path[0] = '\0';
	for (int i = 0; i < device_count; i++) {
		sprintf(config + strlen(config), "%s id=8086:293e\n", devices[i]);
		add_path_rule(devices[i], by_path);
		sprintf(list + strlen(list), "%s\n", devices[i]);
		snprintf(path, sizeof(path), "/etc/driverctl.d/pci-%s", devices[i]);
		write_text(path, "vfio-pci\n");
	}
	write_text("/bench/vfio-early.conf", config);
	write_text("/bench/vfio-early-path.conf", by_path);
	write_text("/bench/devices", list);
}

static int count_bound(void)
{
	int bound = 0;

	for (int i = 0; i < device_count; i++) {
		char path[128];

		snprintf(path, sizeof(path), DRIVER_DIR "/%s", devices[i]);
		bound += access(path, F_OK) == 0;
	}
	return bound;
}

static void start_tracing(void)
{
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	write_text(TRACING "/trace_clock", "mono");
	write_text(TRACING "/set_ftrace_filter", "driver_bound");
	write_text(TRACING "/current_tracer", "function");
	if (access("/bench/calls", F_OK) == 0) {
		write_text(TRACING "/buffer_size_kb", "16384");
		write_text(TRACING "/events/raw_syscalls/enable", "1");
		write_text(TRACING "/events/exceptions/page_fault_user/enable", "1");
	}
}

/* When the last device was bound, by the clock of now(); 0 if none was. */
static long long last_bound(void)
{
	FILE *trace = fopen(TRACING "/trace", "re");
	long long last = 0, seconds, us;
	bool show = access("/bench/calls", F_OK) == 0;
	static char line[1024];

	write_text(TRACING "/tracing_on", "0");
	while (trace && fgets(line, sizeof(line), trace)) {
		char *at = strstr(line, ": driver_bound ");

		if (show)
			printf("bench trace %s", line);
		while (at && at > line && at[-1] != ' ')
			at--;
		if (at && sscanf(at, "%lld.%6lld", &seconds, &us) == 2)
			last = (seconds * 1000000 + us) * 1000;
	}
	if (trace)
		fclose(trace);
	write_text(TRACING "/tracing_on", "1");
	return last;
}

/* What a run leaves behind is not there for the next one. */
static void forget_run(void)
{
	static int runs;
	char other[64];

	snprintf(other, sizeof(other), "/run/before-%d", runs++);
	if (rename("/run/vfio-early", other) < 0 && errno != ENOENT)
		printf("bench error=/run/vfio-early:%s\n", strerror(errno));
}

static void give_back(void)
{
	static char modules[65536];
	char path[128], *lines[64];
	int count = 0, fd = open("/bench/names", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, modules, sizeof(modules) - 1);

	if (fd >= 0)
		close(fd);
	modules[length > 0 ? length : 0] = '\0';
	for (int i = 0; i < device_count; i++) {
		if (access(DRIVER_DIR "/unbind", F_OK) == 0) {
			snprintf(path, sizeof(path), DRIVER_DIR "/%s", devices[i]);
			if (access(path, F_OK) == 0)
				write_text(DRIVER_DIR "/unbind", devices[i]);
		}
		snprintf(path, sizeof(path), DEVICES_DIR "/%s/driver_override",
			devices[i]);
		write_text(path, "\n");
	}
	for (char *at = strtok(modules, "\n"); at && count < 64; at = strtok(NULL, "\n"))
		lines[count++] = at;
	while (count-- > 0)
		if (syscall(SYS_delete_module, lines[count], O_NONBLOCK) < 0 &&
			errno != ENOENT)
			printf("bench error=%s:%s\n", lines[count], strerror(errno));
}

static void run_way(char *line)
{
	char *words[WORDS_MAX + 1] = {0};
	int count = 0, status = 0, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	long long start, end, last;
	pid_t child;

	for (char *at = strtok(line, " \n"); at && count < WORDS_MAX;
		at = strtok(NULL, " \n"))
		words[count++] = at;
	if (count < 2)
		return;
	/* What is named so has nothing to do, or other rules. */
	if (strstr(words[0], "-nothing"))
		write_text("/etc/vfio-early.conf", "");
	else if (rename(strstr(words[0], "-path") ? "/bench/vfio-early-path.conf"
						  : "/bench/vfio-early.conf",
			 "/etc/vfio-early.conf") < 0)
		printf("bench error=config:%s\n", strerror(errno));
	write_text(TRACING "/trace", "");
	start = now();
	child = vfork();
	if (child == 0) {
		/* Characters on a serial port are slow: only complaints are shown. */
		dup2(null, 1);
		execv(words[1], words + 1);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	end = now();
	close(null);
	last = last_bound();
	printf("bench way=%s ns=%lld last=%lld status=%d bound=%d\n", words[0],
		end - start, last ? last - start : 0, status, count_bound());
	give_back();
	forget_run();
	write_configs();
}

int main(void)
{
	static char line[1024];
	FILE *ways;

	mount_all();
	freopen("/dev/console", "w", stdout);
	dup2(1, 2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	printf("bench functions=%d ", find_devices());
	printf("devices=%d\n", device_count);
	write_configs();
	start_tracing();
	ways = fopen("/bench/ways", "re");
	while (ways && fgets(line, sizeof(line), ways))
		run_way(line);
	if (access("/bench/log", F_OK) == 0) {
		static char log[262144];
		long length = syscall(SYS_syslog, 3, log, sizeof(log));

		fwrite(log, 1, length > 0 ? (size_t)length : 0, stdout);
	}
	printf("bench end\n");
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
