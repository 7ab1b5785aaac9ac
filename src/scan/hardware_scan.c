/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hardware_scan.h"

#include "cleanup.h"
#include "core/hardware_facts.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES_DIR    "sys/bus/pci/devices"
#define PATH_MAX_BYTES 128
#define CONFIG_BYTES   4096

static void attribute_path(
	const struct pci_function *function, const char *name, char out[PATH_MAX_BYTES])
{
	char address[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(&function->address, address);
	snprintf(out, PATH_MAX_BYTES, DEVICES_DIR "/%s/%s", address, name);
}

/* Some bytes of a file, as many as there are; their number or -errno. */
static int read_some(int root, const char *path, void *out, size_t size)
{
	cleanup_close int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t used = 0;

	if (fd < 0)
		return -errno;
	while (used < size) {
		ssize_t n = read(fd, (char *)out + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (int)used;
}

/* New kernels (7.2) have an attribute; elsewhere configuration space holds it. */
void hardware_read_serial(int root, struct pci_function *function)
{
	unsigned char config[CONFIG_BYTES];
	char path[PATH_MAX_BYTES], text[SYSFS_TEXT_MAX];
	int length;

	attribute_path(function, "serial_number", path);
	length = sysfs_read_text(root, path, text, sizeof(text));
	if (length > 0 &&
		pci_serial_parse(text, (size_t)length, &function->serial) == 0) {
		function->has_serial = true;
		return;
	}
	attribute_path(function, "config", path);
	length = read_some(root, path, config, sizeof(config));
	if (length > 0)
		function->has_serial =
			pci_serial_from_config(config, (size_t)length, &function->serial);
}

void hardware_read_vf_of(int root, struct pci_function *function)
{
	char path[PATH_MAX_BYTES], link[SYSFS_TEXT_MAX];

	attribute_path(function, "physfn", path);
	function->is_vf = sysfs_read_link(root, path, link, sizeof(link)) > 0 &&
			  pci_address_from_sysfs(link, &function->vf_of) == 0;
}
