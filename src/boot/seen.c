/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN            "/run/vfio-early"
#define SEEN           RUN "/seen"
#define WAITING        RUN "/waiting"
#define DEVICES        "/sys/bus/pci/devices"
#define PATH_MAX_BYTES 128
#define NUMBER_MAX     24

static void path_in(const char *directory, const struct pci_address *address,
	char out[PATH_MAX_BYTES])
{
	char name[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(address, name);
	snprintf(out, PATH_MAX_BYTES, "%s/%s", directory, name);
}

/* The inode number of the function's directory as text; its length or -errno. */
static int node_text(const struct pci_address *address, char out[NUMBER_MAX])
{
	char path[PATH_MAX_BYTES];
	struct stat status;

	path_in(DEVICES, address, path);
	if (stat(path, &status) < 0)
		return -errno;
	return snprintf(out, NUMBER_MAX, "%" PRIuMAX, (uintmax_t)status.st_ino);
}

bool seen_any(void)
{
	return access(SEEN, F_OK) == 0;
}

static bool is_noted(const char *directory, const struct pci_address *address)
{
	char path[PATH_MAX_BYTES], now[NUMBER_MAX], then[NUMBER_MAX] = "";
	int length = node_text(address, now), fd;
	ssize_t n;

	if (length < 0)
		return false;
	path_in(directory, address, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	n = read(fd, then, sizeof(then));
	close(fd);
	return n == length && memcmp(now, then, (size_t)length) == 0;
}

bool seen_has(const struct pci_address *address)
{
	return is_noted(SEEN, address);
}

bool seen_waiting(const struct pci_address *address)
{
	return is_noted(WAITING, address);
}

/* A descriptor or -errno. */
static int open_new(const char *path)
{
	int fd = openat(AT_FDCWD, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? -errno : fd;
}

static int add(const char *directory, const struct pci_address *address)
{
	char path[PATH_MAX_BYTES], text[NUMBER_MAX];
	int length = node_text(address, text), fd, r = 0;

	if (length < 0)
		return length;
	path_in(directory, address, path);
	fd = open_new(path);
	/* The folder is missing only for the first of them. */
	if (fd == -ENOENT) {
		if ((mkdir(RUN, 0755) < 0 && errno != EEXIST) ||
			(mkdir(directory, 0755) < 0 && errno != EEXIST))
			return -errno;
		fd = open_new(path);
	}
	if (fd < 0)
		return fd;
	if (write(fd, text, (size_t)length) != length)
		r = -EIO;
	close(fd);
	return r;
}

int seen_add(const struct pci_address *address)
{
	return add(SEEN, address);
}

int seen_note(const struct pci_function *function)
{
	return add(function->waits ? WAITING : SEEN, &function->address);
}

int seen_add_all(const struct machine *machine)
{
	int r = 0;

	for (size_t i = 0; i < machine->count && i < SEEN_MAX; i++) {
		const struct pci_function *function = &machine->functions[i];
		/* One that hangs would only hang again, or be taken for bound. */
		bool open = function->unknown && function->unknown != -ETIMEDOUT;
		int error = open ? 0 : seen_note(function);

		if (r == 0 && error != -ENOENT)
			r = error;
	}
	return r;
}
