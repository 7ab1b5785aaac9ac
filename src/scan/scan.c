/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan.h"

#include "cleanup.h"
#include "core/cmdline.h"
#include "core/driver_name.h"
#include "core/unbind_rules.h"
#include "core/wish.h"
#include "device_use.h"
#include "framebuffer_scan.h"
#include "function_read.h"
#include "hardware_scan.h"
#include "sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_DIR    "sys/bus/pci/devices"
#define IOMMU_DIR      "sys/class/iommu"
#define GROUPS_DIR     "sys/kernel/iommu_groups"
#define FIRST_COUNT    512
#define PATH_MAX_BYTES 128
#define DRIVER_UNSET   "(null)"

struct scan {
	int root;
	int devices; /* the folder of them */
	const struct scan_observer *observer;
	struct machine *machine;
};

struct members {
	struct machine *machine;
	int group;
};

static bool enter(const struct scan_observer *observer, enum scan_part part,
	const struct pci_address *address)
{
	return !observer || !observer->enter ||
	       observer->enter(observer->context, part, address);
}

static int read_attributes(
	const struct scan *scan, unsigned attributes, struct pci_function *function)
{
	int r;

	if (!enter(scan->observer,
		    attributes & ATTRIBUTE_SERIAL ? SCAN_WITH_LOCK : SCAN_WITHOUT_LOCK,
		    &function->address))
		return -ETIMEDOUT;
	r = function_read(scan->devices, attributes, function);
	if (r == 0 && attributes & ATTRIBUTE_VF_OF)
		hardware_read_vf_of(scan->root, function);
	if (r == 0 && attributes & ATTRIBUTE_SERIAL)
		hardware_read_serial(scan->root, function);
	return r;
}

/* Of one that cannot be read nothing is known, and nothing is asked again. */
static void learn(
	const struct scan *scan, unsigned attributes, struct pci_function *function)
{
	int r;

	attributes &= ~(unsigned)function->known;
	if (function->unknown || attributes == 0)
		return;
	r = read_attributes(scan, attributes, function);
	if (r < 0)
		*function = (struct pci_function){.address = function->address,
			.node = function->node,
			.group = MACHINE_GROUP_NONE,
			.unknown = r};
	function->known = (uint16_t)(function->known | attributes);
}

static void learn_of_all(const struct scan *scan, unsigned attributes)
{
	for (size_t i = 0; i < scan->machine->count; i++)
		learn(scan, attributes, &scan->machine->functions[i]);
}

/* Where the group of every function is known, so is who else is in it. */
static void know_members(const struct scan *scan)
{
	struct machine *machine = scan->machine;

	for (size_t i = 0; i < machine->count; i++)
		if (!(machine->functions[i].known & ATTRIBUTE_GROUP) &&
			!machine->functions[i].unknown)
			return;
	for (size_t i = 0; i < machine->count; i++)
		machine->functions[i].known |= ATTRIBUTE_MEMBERS;
}

static int visit_member(void *context, int dir, const char *name)
{
	const struct members *members = context;
	struct pci_function *function = NULL;
	struct pci_address address;

	(void)dir;
	if (pci_address_parse(name, strlen(name), &address) == 0)
		function = machine_find(members->machine, &address);
	if (!function || function->unknown)
		return 0;
	function->group = members->group;
	function->known |= ATTRIBUTE_GROUP | ATTRIBUTE_MEMBERS;
	return 0;
}

/* A group lists its members, but not in a capture: there each function is asked for its
 * group. */
static void learn_members(const struct scan *scan, struct pci_function *function)
{
	struct members members = {.machine = scan->machine};
	char path[PATH_MAX_BYTES];

	learn(scan, ATTRIBUTE_GROUP, function);
	if (function->unknown || function->known & ATTRIBUTE_MEMBERS)
		return;
	members.group = function->group;
	snprintf(path, sizeof(path), GROUPS_DIR "/%d/devices", function->group);
	if (function->group != MACHINE_GROUP_NONE &&
		dir_for_each(scan->root, path, visit_member, &members) < 0) {
		learn_of_all(scan, ATTRIBUTE_GROUP);
		know_members(scan);
	}
	function->known |= ATTRIBUTE_MEMBERS;
}

static void learn_pictures(const struct scan *scan)
{
	if (!framebuffer_find_claimed(scan->root, scan->machine)) {
		learn_of_all(scan, ATTRIBUTE_IDS);
		framebuffer_find_display(scan->root, scan->observer, scan->machine);
	}
	for (size_t i = 0; i < scan->machine->count; i++)
		scan->machine->functions[i].known |= ATTRIBUTE_PICTURE;
}

int scan_fill(int root, const struct scan_observer *observer, struct machine *machine)
{
	uint16_t *wishes = machine->wishes->attributes;
	struct scan scan = {.root = root, .observer = observer, .machine = machine};
	cleanup_close int devices =
		openat(root, DEVICES_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned all = 0;

	if (devices < 0)
		return -errno;
	scan.devices = devices;
	for (size_t i = 0; i < machine->count; i++) {
		learn(&scan, wishes[i] & ~(ATTRIBUTE_MEMBERS | ATTRIBUTE_PICTURE),
			&machine->functions[i]);
		all |= wishes[i];
	}
	if (all & ATTRIBUTE_MEMBERS)
		know_members(&scan);
	for (size_t i = 0; all & ATTRIBUTE_MEMBERS && i < machine->count; i++)
		if (wishes[i] & ATTRIBUTE_MEMBERS)
			learn_members(&scan, &machine->functions[i]);
	if (all & ATTRIBUTE_PICTURE)
		learn_pictures(&scan);
	memset(wishes, 0, machine->count * sizeof(*wishes));
	return 0;
}

struct listing {
	struct pci_listed *functions;
	size_t count;
	size_t capacity;
};

static int list_function(void *context, const char *name, uint64_t node)
{
	struct listing *listing = context;
	struct pci_address address;

	if (pci_address_parse(name, strlen(name), &address) < 0)
		return 0;
	if (listing->count == MACHINE_FUNCTIONS_MAX)
		return -E2BIG;
	if (listing->count == listing->capacity) {
		size_t capacity = listing->capacity ? listing->capacity * 2 : FIRST_COUNT;
		struct pci_listed *functions =
			realloc(listing->functions, capacity * sizeof(*functions));

		if (!functions)
			return -ENOMEM;
		listing->functions = functions;
		listing->capacity = capacity;
	}
	listing->functions[listing->count++] =
		(struct pci_listed){.address = address, .node = node};
	return 0;
}

static int stop_at_first(void *context, int dir, const char *name)
{
	(void)dir;
	(void)name;
	*(bool *)context = true;
	return 1;
}

/* Why there may be none. Returns 0 or -ENOMEM. */
static int read_iommu_switches(int root, struct machine *machine)
{
	cleanup_free char *cmdline = NULL;
	size_t length;
	int r = proc_read(root, "proc/cmdline", CMDLINE_BYTES_MAX, &cmdline, &length);

	if (r == 0)
		iommu_switches_read(cmdline, length, &machine->iommu_switches);
	return r == -ENOMEM ? r : 0;
}

int scan_list(int root, struct machine *ret_machine)
{
	struct listing listing = {0};
	struct machine machine = {0};
	int r = dir_for_each_node(root, DEVICES_DIR, list_function, &listing);

	if (r == 0)
		r = machine_make(listing.functions, listing.count, &machine);
	if (r == 0)
		r = wishes_begin(&machine);
	free(listing.functions);
	if (r < 0) {
		machine_clear(&machine);
		return r;
	}
	(void)dir_for_each(root, IOMMU_DIR, stop_at_first, &machine.has_iommu);
	if (!machine.has_iommu && read_iommu_switches(root, &machine) < 0) {
		machine_clear(&machine);
		return -ENOMEM;
	}
	*ret_machine = machine;
	return 0;
}

int scan_machine(
	int root, const struct scan_observer *observer, struct machine *ret_machine)
{
	struct machine machine = {0};
	int r = scan_list(root, &machine);

	if (r == 0 && !wish_all_known(&machine, ATTRIBUTES_COMMON))
		r = scan_fill(root, observer, &machine);
	if (r < 0) {
		machine_clear(&machine);
		return r;
	}
	machine_drop_vanished(&machine);
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

/*
 * A built-in driver has a module as well, if that has parameters, but one that was never
 * loaded. A driver gets the link to its module only after its first probes have returned
 * (bus_add_driver() in drivers/base/bus.c): in one that hangs, the name has to do.
 */
static bool is_built_in(int root, int device, const char *driver)
{
	char module[DRIVER_NAME_MAX], path[DRIVER_NAME_MAX + 32];

	if (faccessat(device, "driver/module/initstate", F_OK, 0) == 0)
		return false;
	driver_name_module(driver, module);
	snprintf(path, sizeof(path), "sys/module/%s/initstate", module);
	return faccessat(root, path, F_OK, 0) < 0;
}

void scan_wanted(int root, const struct scan_observer *observer,
	const struct selection *selection, bool with_override)
{
	struct device_uses uses = device_uses_of(root);

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
		function->driver_built_in = is_built_in(root, dir, function->driver);
		if (unbind_depends_on_use(wanted->rule->unbind, function))
			device_uses_find(&uses, function);
	}
	device_uses_clear(&uses);
}
