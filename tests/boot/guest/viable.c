/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * viable /dev/vfio/GROUP...: asks the kernel whether a virtual machine could use each
 * group and prints "GROUP yes" or "GROUP no", as VFIO_GROUP_GET_STATUS says.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct vfio_group_status status = {.argsz = sizeof(status)};
		int fd = open(argv[i], O_RDWR | O_CLOEXEC);
		const char *name = strrchr(argv[i], '/');

		if (fd < 0 || ioctl(fd, VFIO_GROUP_GET_STATUS, &status) < 0)
			printf("%s %s\n", name ? name + 1 : argv[i], strerror(errno));
		else
			printf("%s %s\n", name ? name + 1 : argv[i],
				status.flags & VFIO_GROUP_FLAGS_VIABLE ? "yes" : "no");
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
