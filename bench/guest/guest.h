/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guests of the benchmarks share: PID 1 of a boot that measures something. What
 * goes wrong is printed as "bench error=WHAT:WHY", and no figure of that boot counts.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEVICES_DIR "/sys/bus/pci/devices"
#define DRIVER_DIR  "/sys/bus/pci/drivers/vfio-pci"

/* In place of what the file had. Returns 0 or -errno, which it has printed. */
static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (r < 0)
		printf("bench error=%s:%s\n", path, strerror(-r));
	if (fd >= 0)
		close(fd);
	return r;
}

/* The first line of a file, "" without one. */
static inline void read_line(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(out, (int)size, file))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* Nanoseconds; with -icount the guest's clock counts instructions. */
static inline long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static inline void mount_all(void)
{
	static const char *const folders[] = {"/proc", "/sys", "/dev", "/run", "/tmp"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		mkdir(folders[i], 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/run", "tmpfs", 0, NULL);
}
