/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan.h"

#include "cleanup.h"
#include "core/number.h"
#include "core/unbind_rules.h"
#include "device_use.h"
#include "framebuffer_scan.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DEVICES_DIR    "sys/bus/pci/devices"
#define IOMMU_DIR      "sys/class/iommu"
#define PATH_MAX_BYTES 128
#define DRIVER_UNSET   "(null)"
/* Bound, but to what could not be read; no driver has such a name. */
#define DRIVER_UNKNOWN "(unknown)"

struct scan {
	const struct scan_observer *observer;
	struct machine *machine;
};

static bool enter(const struct scan_observer *observer, enum scan_part part,
	const struct pci_address *address)
{
	return !observer || !observer->enter ||
	       observer->enter(observer->context, part, address);
}

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

static int read_group(int device, int *ret_group)
{
	char text[DRIVER_NAME_MAX];
	uint64_t number;
	int r;

	r = sysfs_read_link_name(device, "iommu_group", text, sizeof(text));
	if (r == -ENOENT)
		return 0; /* none */
	if (r >= 0)
		r = number_parse(text, (size_t)r, 10, 0x7fffffff, &number);
	if (r < 0)
		return r;
	*ret_group = (int)number;
	return 0;
}

static int read_is_bridge(int device, bool *ret_is_bridge)
{
	*ret_is_bridge = faccessat(device, "subordinate_bus_number", F_OK, 0) == 0;
	return *ret_is_bridge || errno == ENOENT ? 0 : -errno;
}

/* The folder is opened once: its name is a link across the whole tree, and each walk of
 * it costs more than what is read there. */
static int read_function(int dir, const char *name, struct pci_function *function)
{
	char text[SYSFS_TEXT_MAX];
	cleanup_close int device = -1;
	int r;

	r = sysfs_read_link(dir, name, text, sizeof(text));
	if (r < 0)
		return r;
	r = pci_path_from_sysfs(text, &function->path);
	if (r < 0)
		return r;
	device = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (device < 0)
		return -errno;
	r = sysfs_read_text(device, "modalias", text, sizeof(text));
	if (r < 0)
		return r;
	r = parse_modalias(text, function);
	if (r < 0)
		return r;
	r = sysfs_read_link_name(
		device, "driver", function->driver, sizeof(function->driver));
	if (r < 0)
		snprintf(function->driver, sizeof(function->driver), "%s",
			r == -ENOENT ? "" : DRIVER_UNKNOWN);
	r = read_is_bridge(device, &function->is_bridge);
	if (r < 0)
		return r;
	return read_group(device, &function->group);
}

/* What sysfs says of a device that is no longer there. */
static bool has_vanished(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENXIO;
}

static int visit_function(void *context, int dir, const char *name)
{
	struct scan *scan = context;
	struct pci_address address;
	struct pci_function *function;
	int r;

	if (pci_address_parse(name, strlen(name), &address) < 0)
		return 0;
	if (scan->machine->count == MACHINE_FUNCTIONS_MAX)
		return -E2BIG;
	function = machine_add(scan->machine);
	if (!function)
		return -ENOMEM;
	function->address = address;
	r = -ETIMEDOUT;
	if (enter(scan->observer, SCAN_WITHOUT_LOCK, &address))
		r = read_function(dir, name, function);
	if (has_vanished(r))
		scan->machine->count--;
	else if (r < 0)
		*function = (struct pci_function){
			.address = address, .group = MACHINE_GROUP_NONE, .unknown = r};
	return 0;
}

static int stop_at_first(void *context, int dir, const char *name)
{
	(void)dir;
	(void)name;
	*(bool *)context = true;
	return 1;
}

int scan_machine(
	int root, const struct scan_observer *observer, struct machine *ret_machine)
{
	struct machine machine = {0};
	struct scan scan = {.observer = observer, .machine = &machine};
	int r = dir_for_each(root, DEVICES_DIR, visit_function, &scan);

	if (r < 0) {
		machine_clear(&machine);
		return r;
	}
	(void)dir_for_each(root, IOMMU_DIR, stop_at_first, &machine.has_iommu);
	machine_sort(&machine);
	framebuffer_find(root, observer, &machine);
	*ret_machine = machine;
	return 0;
}

static void read_override(int dir, struct pci_function *function)
{
	char text[SYSFS_TEXT_MAX];
	int length = sysfs_read_text(dir, "driver_override", text, sizeof(text));

	if (length < 0 || (size_t)length >= sizeof(function->override) ||
		strcmp(text, DRIVER_UNSET) == 0)
		return;
	memcpy(function->override, text, (size_t)length + 1);
}

void scan_wanted(int root, const struct scan_observer *observer,
	const struct selection *selection, bool with_override)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		struct pci_function *function = wanted->function;
		char path[PATH_MAX_BYTES], address[PCI_ADDRESS_TEXT_MAX];
		cleanup_close int dir = -1;

		if (wanted->decided || function->unknown)
			continue;
		if (!enter(observer, SCAN_WITH_LOCK, &function->address)) {
			function->unknown = -ETIMEDOUT;
			continue;
		}
		pci_address_format(&function->address, address);
		snprintf(path, sizeof(path), DEVICES_DIR "/%s", address);
		dir = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		if (with_override)
			read_override(dir, function);
		if (!function->driver[0])
			continue;
		/* A built-in driver has the link as well, if its module has parameters.
		 */
		function->driver_built_in =
			faccessat(dir, "driver/module/initstate", F_OK, 0) < 0;
		if (unbind_depends_on_use(wanted->rule->unbind, function))
			device_use_find(root, function);
	}
}
