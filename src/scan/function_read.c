/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "function_read.h"

#include "cleanup.h"
#include "core/number.h"
#include "core/wish.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 128
/* Bound, but to what could not be read; no driver has such a name. */
#define DRIVER_UNKNOWN "(unknown)"

static int hex_field(const char *text, size_t digits, uint64_t max, uint64_t *ret)
{
	if (strnlen(text, digits) < digits)
		return -EINVAL;
	return number_parse(text, digits, 16, max, ret);
}

/* modalias_show() in drivers/pci/pci-sysfs.c: all ids and the class in one read. */
static int parse_modalias(const char *text, struct pci_function *function)
{
	static const struct {
		const char *before;
		size_t digits;
	} fields[] = {{"pci:v", 8}, {"d", 8}, {"sv", 8}, {"sd", 8}, {"bc", 2}, {"sc", 2},
		{"i", 2}};
	uint64_t values[sizeof(fields) / sizeof(fields[0])];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t before = strlen(fields[i].before);

		if (strncmp(text, fields[i].before, before) != 0)
			return -EINVAL;
		text += before;
		if (hex_field(text, fields[i].digits,
			    fields[i].digits == 8 ? 0xffff : 0xff, &values[i]) < 0)
			return -EINVAL;
		text += fields[i].digits;
	}
	function->id.vendor = (uint16_t)values[0];
	function->id.device = (uint16_t)values[1];
	function->id.subvendor = (uint16_t)values[2];
	function->id.subdevice = (uint16_t)values[3];
	function->class_code = (uint32_t)(values[4] << 16 | values[5] << 8 | values[6]);
	return 0;
}

/* Where the attributes of a function are: relative to a folder, behind a prefix. */
struct place {
	int dir;
	char prefix[PCI_ADDRESS_TEXT_MAX + 1];
};

static const char *path_of(
	const struct place *place, const char *name, char out[PATH_MAX_BYTES])
{
	size_t length = strlen(place->prefix);

	memcpy(out, place->prefix, length);
	memcpy(out + length, name, strlen(name) + 1);
	return out;
}

static int read_path(int devices, struct pci_function *function)
{
	char text[SYSFS_TEXT_MAX], address[PCI_ADDRESS_TEXT_MAX];
	int r;

	pci_address_format(&function->address, address);
	r = sysfs_read_link(devices, address, text, sizeof(text));
	return r < 0 ? r : pci_path_from_sysfs(text, &function->path);
}

static int read_ids(const struct place *place, struct pci_function *function)
{
	char text[SYSFS_TEXT_MAX], path[PATH_MAX_BYTES];
	int r = sysfs_read_text(
		place->dir, path_of(place, "modalias", path), text, sizeof(text));

	return r < 0 ? r : parse_modalias(text, function);
}

static int read_is_bridge(const struct place *place, struct pci_function *function)
{
	char path[PATH_MAX_BYTES];

	function->is_bridge =
		faccessat(place->dir, path_of(place, "subordinate_bus_number", path),
			F_OK, 0) == 0;
	return function->is_bridge || errno == ENOENT ? 0 : -errno;
}

static int read_driver(const struct place *place, struct pci_function *function)
{
	char path[PATH_MAX_BYTES];
	int r = sysfs_read_link_name(place->dir, path_of(place, "driver", path),
		function->driver, sizeof(function->driver));

	if (r < 0)
		snprintf(function->driver, sizeof(function->driver), "%s",
			r == -ENOENT ? "" : DRIVER_UNKNOWN);
	return 0;
}

static int read_group(const struct place *place, struct pci_function *function)
{
	char text[DRIVER_NAME_MAX], path[PATH_MAX_BYTES];
	uint64_t number;
	int r = sysfs_read_link_name(
		place->dir, path_of(place, "iommu_group", path), text, sizeof(text));

	if (r == -ENOENT)
		return 0; /* none */
	if (r >= 0)
		r = number_parse(text, (size_t)r, 10, 0x7fffffff, &number);
	if (r < 0)
		return r;
	function->group = (int)number;
	return 0;
}

/* What is read in the function's folder, and how. */
static const struct {
	unsigned attribute;
	int (*read)(const struct place *place, struct pci_function *function);
} readers[] = {
	{ATTRIBUTE_IDS, read_ids},
	{ATTRIBUTE_BRIDGE, read_is_bridge},
	{ATTRIBUTE_DRIVER, read_driver},
	{ATTRIBUTE_GROUP, read_group},
};

static int read_in(
	const struct place *place, unsigned attributes, struct pci_function *function)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(readers) / sizeof(readers[0]); i++)
		if (attributes & readers[i].attribute)
			r = readers[i].read(place, function);
	return r;
}

/* For more than one the folder is opened: its name is a link across the whole tree, and
 * each walk of it costs more than what is read there. */
static int read_folder(int devices, unsigned attributes, struct pci_function *function)
{
	char address[PCI_ADDRESS_TEXT_MAX];
	cleanup_close int folder = -1;
	struct place place;
	size_t length;

	pci_address_format(&function->address, address);
	if ((attributes & (attributes - 1)) == 0) {
		place.dir = devices;
		length = strlen(address);
		memcpy(place.prefix, address, length);
		memcpy(place.prefix + length, "/", 2);
	} else {
		folder = openat(devices, address, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			return -errno;
		place = (struct place){.dir = folder};
	}
	return read_in(&place, attributes, function);
}

int function_read(int devices, unsigned attributes, struct pci_function *function)
{
	const unsigned in_folder =
		attributes & (ATTRIBUTES_KIND | ATTRIBUTE_DRIVER | ATTRIBUTE_GROUP);
	int r = 0;

	if (attributes & ATTRIBUTE_PATH)
		r = read_path(devices, function);
	return r == 0 && in_folder ? read_folder(devices, in_folder, function) : r;
}
