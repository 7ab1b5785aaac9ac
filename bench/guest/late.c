/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PID 1 of the benchmark of late devices: starts udevd, has the boot run done, and then
 * for each way of /bench/ways ("NAME RULES", a file of rules for udev) lets every
 * physical function make all the virtual functions that it can, and waits for udev to be
 * done with them. Prints on the console
 *
 *   bench way=NAME ns=N events=N bound=N
 *   bench end
 *
 * After each way the virtual functions are gone again. No driver is asked about them when
 * they are made (sriov_drivers_autoprobe), whatever the way is.
 */
#include "guest.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#define BINDER        "/usr/lib/vfio-early/vfio-early-boot"
#define RULES         "/etc/udev/rules.d/60-way.rules"
#define PHYSICAL_MAX  16
#define WORDS_MAX     8
#define SECONDS_READY 20

static char physical[PHYSICAL_MAX][32];
static int physical_count;

static void run(const char *line)
{
	char copy[256], *words[WORDS_MAX + 1] = {0};
	int count = 0, status = 0;
	pid_t child;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *at = strtok(copy, " "); at && count < WORDS_MAX;
		at = strtok(NULL, " "))
		words[count++] = at;
	child = vfork();
	if (child == 0) {
		execv(words[0], words);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		printf("bench error=%s:%d\n", line, status);
}

static void set(const char *address, const char *attribute, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES_DIR "/%s/%s", address, attribute);
	write_text(path, text);
}

static int read_number(const char *address, const char *attribute)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DEVICES_DIR "/%s/%s", address, attribute);
	read_line(path, text, sizeof(text));
	return atoi(text);
}

/* Those whose driver is there by now: only it can make virtual functions. */
static void find_physical(void)
{
	DIR *dir = opendir(DEVICES_DIR);
	struct dirent *entry;
	char path[128];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
			read_number(entry->d_name, "sriov_totalvfs") == 0 ||
			physical_count == PHYSICAL_MAX)
			continue;
		snprintf(physical[physical_count], sizeof(physical[0]), "%.31s",
			entry->d_name);
		snprintf(path, sizeof(path), DEVICES_DIR "/%s/driver",
			physical[physical_count]);
		for (int i = 0; i < SECONDS_READY * 10 && access(path, F_OK) < 0; i++)
			usleep(100000);
		physical_count++;
	}
	if (dir)
		closedir(dir);
}

static void write_config(void)
{
	char config[PHYSICAL_MAX * 64] = "";

	for (int i = 0; i < physical_count; i++)
		sprintf(config + strlen(config), "vf-of=%s allow=storage\n", physical[i]);
	write_text("/etc/vfio-early.conf", config);
}

static int count_bound(void)
{
	DIR *dir = opendir(DRIVER_DIR);
	struct dirent *entry;
	int bound = 0;

	while (dir && (entry = readdir(dir)))
		bound += strchr(entry->d_name, ':') != NULL;
	if (dir)
		closedir(dir);
	return bound;
}

static void run_way(const char *name, const char *rules)
{
	long long start, end;
	int events = 0;

	unlink(RULES);
	if (symlink(rules, RULES) < 0)
		printf("bench error=%s:%s\n", RULES, strerror(errno));
	run("/usr/bin/udevadm control --reload");
	run("/usr/bin/udevadm settle");
	start = now();
	for (int i = 0; i < physical_count; i++) {
		char text[16];
		int count = read_number(physical[i], "sriov_totalvfs");

		snprintf(text, sizeof(text), "%d", count);
		set(physical[i], "sriov_numvfs", text);
		events += count;
	}
	run("/usr/bin/udevadm settle");
	end = now();
	printf("bench way=%s ns=%lld events=%d bound=%d\n", name, end - start, events,
		count_bound());
	for (int i = 0; i < physical_count; i++)
		set(physical[i], "sriov_numvfs", "0");
	run("/usr/bin/udevadm settle");
}

int main(void)
{
	char name[64], rules[128];
	FILE *ways;

	mount_all();
	mkdir("/etc", 0755);
	mkdir("/etc/udev", 0755);
	mkdir("/etc/udev/rules.d", 0755);
	freopen("/dev/console", "w", stdout);
	dup2(1, 2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	run("/usr/sbin/modprobe nvme");
	run("/usr/sbin/modprobe vfio-pci");
	find_physical();
	write_config();
	run("/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never");
	run(BINDER);
	for (int i = 0; i < physical_count; i++)
		set(physical[i], "sriov_drivers_autoprobe", "0");
	ways = fopen("/bench/ways", "re");
	while (ways && fscanf(ways, "%63s %127s", name, rules) == 2)
		run_way(name, rules);
	printf("bench end\n");
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
