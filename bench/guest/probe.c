/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe ADDRESS: asks the kernel to find a driver, as the least program that udev can
 * run. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = open("/sys/bus/pci/drivers_probe", O_WRONLY | O_CLOEXEC);

	return argc != 2 || fd < 0 || write(fd, argv[1], strlen(argv[1])) < 0;
}
