/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor [nothing]: the least that can put devices on vfio-pci. It issues the kernel calls
 * that nobody can do without and looks at nothing: driver_override of each device, each
 * module of the VFIO stack in its order, drivers_probe of each device. /bench/devices has
 * the addresses and /bench/modules the files, one a line.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE_INIT_COMPRESSED_FILE 4
#define TEXT_MAX                    65536
#define DRIVER                      "vfio-pci"

static int failed;

static void write_to(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		failed = 1;
	if (fd >= 0)
		close(fd);
}

static void override(const char *address)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", address);
	write_to(path, DRIVER, strlen(DRIVER));
}

static void load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	const char *end = strrchr(file, '.');

	if (fd < 0 ||
		syscall(SYS_finit_module, fd, "",
			end && strcmp(end, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0) < 0)
		failed = 1;
	if (fd >= 0)
		close(fd);
}

static void probe(const char *address)
{
	write_to("/sys/bus/pci/drivers_probe", address, strlen(address));
}

static void read_list(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, TEXT_MAX - 1);

	text[length > 0 ? length : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void for_each(const char *text, void (*visit)(const char *line))
{
	char line[256];

	while (*text) {
		size_t length = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		visit(line);
		text += length + (text[length] == '\n');
	}
}

int main(int argc, char **argv)
{
	static char devices[TEXT_MAX], modules[TEXT_MAX];

	(void)argv;
	if (argc > 1)
		return 0;
	read_list("/bench/devices", devices);
	read_list("/bench/modules", modules);
	for_each(devices, override);
	for_each(modules, load);
	for_each(devices, probe);
	return failed;
}
