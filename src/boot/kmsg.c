/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kmsg.h"

#include "core/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* LOG_DAEMON of syslog(3): facility 0 is the kernel's own. */
#define FACILITY_DAEMON (3U << 3)

void kmsg_write(enum severity severity, const char *line)
{
	char record[REPORT_LINE_MAX + 32];
	int fd, length;

	length = snprintf(record, sizeof(record), "<%u>vfio-early: %s\n",
		FACILITY_DAEMON | (unsigned)severity, line);
	if (length < 0 || (size_t)length >= sizeof(record))
		return;
	/* Each line by a descriptor of its own: the kernel counts, to limit them, by that
	 * (devkmsg_write() in kernel/printk/printk.c). */
	fd = openat(AT_FDCWD, "/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return;
	if (write(fd, record, (size_t)length) < 0) {
		/* Nowhere left to say it. */
	}
	close(fd);
}
