/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "say.h"

#include "tree.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* LOG_DAEMON of syslog(3): facility 0 is the kernel's own. */
#define FACILITY_DAEMON (3U << 3)

void line_begin(struct line *line, enum say_level level)
{
	line->length = 0;
	line_add(line, "<");
	line_add_number(line, FACILITY_DAEMON | (unsigned)level);
	line_add(line, ">vfio-early: ");
}

void line_add(struct line *line, const char *text)
{
	size_t length = strlen(text), room = SAY_BYTES_MAX - 1 - line->length;

	if (length > room)
		length = room;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

void line_add_number(struct line *line, unsigned number)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	line_add(line, digits + at);
}

static bool write_to(const char *path, const struct line *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool written;

	if (fd < 0)
		return false;
	/* One write is one record (devkmsg_write() in kernel/printk/printk.c). */
	written = write(fd, line->text, line->length) == (ssize_t)line->length;
	close(fd);
	return written;
}

void line_say(struct line *line)
{
	const char *text = strchr(line->text, '>') + 1;

	line->text[line->length++] = '\n';
	if (write_to("/dev/kmsg", line) || write_to(TREE "/dev/kmsg", line))
		return;
	if (write(STDERR_FILENO, text, line->length - (size_t)(text - line->text)) < 0) {
		/* Nowhere left to say it. */
	}
}
