/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture_machine.h"

#include "core/driver_name.h"
#include "scan/sysfs_read.h"

#include <stdlib.h>
#include <string.h>

#define PCI_DEVICES "sys/bus/pci/devices"
#define PCI_DRIVERS "sys/bus/pci/drivers"
#define PATH_BYTES  512

static void link_entry(struct capture_writer *writer, const char *path, const char *name)
{
	(void)path;
	capture_link(writer, name);
}

/* All links of a directory, then what VISIT makes of each. */
static void links(struct capture_writer *writer, const char *path,
	void (*visit)(struct capture_writer *writer, const char *path, const char *name))
{
	capture_directory(writer, path);
	capture_each(writer, path, link_entry);
	if (visit)
		capture_each(writer, path, visit);
}

static void attributes(struct capture_writer *writer, const char *const *names)
{
	for (; *names; names++)
		capture_attribute(writer, *names);
}

/* Whose memory may hold the boot's picture. */
static bool is_display(struct capture_writer *writer, const char *directory)
{
	char path[PATH_BYTES + 16], text[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/modalias", directory);
	return sysfs_read_text(writer->root, path, text, sizeof(text)) > 0 &&
	       strstr(text, "bc03") != NULL;
}

/* driver_override is not there: to read it can wait for ever for a stuck device. */
static void function(struct capture_writer *writer, const char *path, const char *name)
{
	static const char *const known[] = {
		"modalias", "boot_vga", "reset_method", "subordinate_bus_number", NULL};
	char directory[PATH_BYTES];

	if (!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, directory);
	attributes(writer, known);
	if (is_display(writer, directory))
		capture_attribute(writer, "resource");
	capture_link(writer, "driver");
	capture_link(writer, "iommu_group");
	capture_link(writer, "physfn");
}

static void module(struct capture_writer *writer, const char *name)
{
	char directory[PATH_BYTES];

	snprintf(directory, sizeof(directory), "sys/module/%s", name);
	capture_directory(writer, directory);
	capture_attribute(writer, "initstate");
}

/* What tells whether a driver is built in: is_built_in() in scan/scan.c. */
static void driver(struct capture_writer *writer, const char *path, const char *name)
{
	char directory[PATH_BYTES], target[SYSFS_TEXT_MAX], same[DRIVER_NAME_MAX];

	snprintf(directory, sizeof(directory), "%s/%s/module", path, name);
	if (sysfs_read_link_name(writer->root, directory, target, sizeof(target)) <= 0) {
		driver_name_module(name, same);
		module(writer, same);
		return;
	}
	*strrchr(directory, '/') = '\0';
	capture_directory(writer, directory);
	capture_link(writer, "module");
	module(writer, target);
}

/* Who shows the firmware's picture: scan/framebuffer_scan.h. */
static void framebuffer(struct capture_writer *writer, const char *path, const char *name)
{
	char directory[PATH_BYTES];

	if (!strstr(name, "-framebuffer.") ||
		!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, path);
	capture_link(writer, name);
	capture_directory(writer, directory);
	capture_link(writer, "driver");
}

void capture_functions(struct capture_writer *writer)
{
	links(writer, PCI_DEVICES, function);
	capture_each(writer, PCI_DRIVERS, driver);
	capture_each(writer, "sys/bus/platform/devices", framebuffer);
	links(writer, "sys/class/iommu", NULL);
}

static void slave(struct capture_writer *writer, const char *path, const char *name)
{
	(void)path;
	capture_link(writer, name);
}

static void mapped_name(struct capture_writer *writer, const char *directory)
{
	char path[PATH_BYTES + 16], text[SYSFS_TEXT_MAX], stand_in[64];

	snprintf(path, sizeof(path), "%s/dm/name", directory);
	if (sysfs_read_text(writer->root, path, text, sizeof(text)) <= 0)
		return;
	scrub_stand_in(writer->scrub, SCRUB_NAME, text, stand_in, sizeof(stand_in));
	snprintf(path, sizeof(path), "%s/dm", directory);
	capture_directory(writer, path);
	capture_value(writer, "name", stand_in);
}

static void block(struct capture_writer *writer, const char *path, const char *name)
{
	static const char *const known[] = {"dev", "partition", NULL};
	char directory[PATH_BYTES], slaves[PATH_BYTES + 16], text[32];

	if (!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, directory);
	attributes(writer, known);
	/* Only whether there is anything. */
	snprintf(slaves, sizeof(slaves), "%s/size", directory);
	if (sysfs_read_text(writer->root, slaves, text, sizeof(text)) > 0)
		capture_value(writer, "size", strcmp(text, "0") == 0 ? "0" : "1");
	snprintf(slaves, sizeof(slaves), "%s/slaves", directory);
	capture_directory(writer, slaves);
	capture_each(writer, slaves, slave);
	mapped_name(writer, directory);
}

static void subsystem(struct capture_writer *writer, const char *path, const char *name)
{
	char directory[PATH_BYTES];

	if (!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, directory);
	capture_each(writer, directory, link_entry);
}

static void lower(struct capture_writer *writer, const char *path, const char *name)
{
	(void)path;
	if (strncmp(name, "lower_", 6) == 0)
		capture_link(writer, name);
}

static void interface(struct capture_writer *writer, const char *path, const char *name)
{
	char directory[PATH_BYTES];

	if (!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, directory);
	capture_attribute(writer, "flags");
	capture_each(writer, directory, lower);
}

static void input(struct capture_writer *writer, const char *path, const char *name)
{
	char directory[PATH_BYTES], keys[PATH_BYTES + 16];

	/* Names of what is not plugged in are people's own: "Jane's phone". */
	if (strncmp(name, "input", 5) != 0 ||
		!capture_resolve(writer, path, name, directory, sizeof(directory)) ||
		strstr(directory, "/virtual/"))
		return;
	capture_directory(writer, directory);
	capture_free_text(writer, "name");
	snprintf(keys, sizeof(keys), "%s/capabilities", directory);
	capture_directory(writer, keys);
	capture_attribute(writer, "key");
}

static void usb(struct capture_writer *writer, const char *path, const char *name)
{
	static const char *const known[] = {"idVendor", "idProduct", "bDeviceClass",
		"bInterfaceClass", "bInterfaceProtocol", NULL};
	char directory[PATH_BYTES];

	if (!capture_resolve(writer, path, name, directory, sizeof(directory)))
		return;
	capture_directory(writer, directory);
	attributes(writer, known);
	capture_free_text(writer, "manufacturer");
	capture_free_text(writer, "product");
}

void capture_classes(struct capture_writer *writer)
{
	links(writer, "sys/class/block", block);
	links(writer, "sys/class/nvme-subsystem", subsystem);
	links(writer, "sys/class/net", interface);
	links(writer, "sys/class/input", input);
	links(writer, "sys/class/sound", NULL);
	links(writer, "sys/bus/usb/devices", usb);
}

static int by_id(const void *left, const void *right)
{
	const struct pci_id *a = *(const struct pci_id *const *)left;
	const struct pci_id *b = *(const struct pci_id *const *)right;

	return a->vendor != b->vendor ? a->vendor - b->vendor : a->device - b->device;
}

static void vendor_and_model(struct capture_writer *writer, struct names *names,
	const struct pci_id *id, bool same)
{
	char name[NAME_TEXT_MAX], line[NAME_TEXT_MAX + 16];

	names_vendor(names, id->vendor, name);
	if (!name[0])
		return;
	snprintf(line, sizeof(line), "%04x  %s", id->vendor, name);
	if (!same)
		capture_line(writer, line);
	names_model(names, id, name);
	snprintf(line, sizeof(line), "\t%04x  %s", id->device, name);
	if (name[0])
		capture_line(writer, line);
}

static void classes(
	struct capture_writer *writer, const struct machine *machine, struct names *names)
{
	bool seen[0x10000] = {false};

	for (size_t i = 0; i < machine->count; i++)
		seen[PCI_CLASS_SUB(machine->functions[i].class_code) & 0xffff] = true;
	for (unsigned code = 0, base = 0x100; code < 0x10000; code++) {
		char name[NAME_TEXT_MAX], line[NAME_TEXT_MAX + 16];

		if (!seen[code])
			continue;
		names_class_base(names, (uint8_t)(code >> 8), name);
		snprintf(line, sizeof(line), "C %02x  %s", code >> 8, name);
		if (!name[0])
			continue;
		if (base != code >> 8)
			capture_line(writer, line);
		base = code >> 8;
		names_class(names, code << 8, name);
		snprintf(line, sizeof(line), "\t%02x  %s", code & 0xff, name);
		if (name[0] && !strstr(name, " ["))
			capture_line(writer, line);
	}
}

void capture_names(
	struct capture_writer *writer, const struct machine *machine, struct names *names)
{
	const struct pci_id **ids =
		calloc(machine->count + 1, sizeof(const struct pci_id *));

	if (!ids)
		return;
	for (size_t i = 0; i < machine->count; i++)
		ids[i] = &machine->functions[i].id;
	qsort(ids, machine->count, sizeof(*ids), by_id);
	capture_directory(writer, "usr/share/misc");
	capture_file(writer, "pci.ids");
	for (size_t i = 0; i < machine->count; i++) {
		bool same = i > 0 && ids[i]->vendor == ids[i - 1]->vendor;

		if (!same || ids[i]->device != ids[i - 1]->device)
			vendor_and_model(writer, names, ids[i], same);
	}
	classes(writer, machine, names);
	free(ids);
}
