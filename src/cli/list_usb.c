/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list_usb.h"

#include "core/quote.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USB_DIR           "sys/bus/usb/devices"
#define DEVICES_MAX       4096
#define DEVICE_NAME_MAX   32 /* as 3-1.4.2 */
#define USB_TEXT_MAX      96
#define CLASS_HUB         "09"
#define CLASS_HID         "03"
#define PROTOCOL_KEYBOARD "01"

enum {
	CELL_CONTROLLER,
	CELL_DEVICE,
	CELL_GROUP,
	CELL_PORT,
	CELL_ID,
	CELL_KIND,
	CELL_NAME,
	CELL_COUNT,
};

const struct table_column usb_columns[] = {
	[CELL_CONTROLLER] = {"controller", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_DEVICE] = {NULL, "CONTROLLER", TABLE_TEXT, false, 0, 0},
	[CELL_GROUP] = {"group", "GROUP", TABLE_NUMBER, true, 0, 0},
	[CELL_PORT] = {"port", "PORT", TABLE_TEXT, false, 0, 0},
	[CELL_ID] = {"id", "ID", TABLE_TEXT, false, 0, 0},
	[CELL_KIND] = {"kind", "KIND", TABLE_TEXT, false, 0, 0},
	[CELL_NAME] = {"name", "NAME", TABLE_TEXT, false, 0, 0},
};

const size_t usb_column_count = CELL_COUNT;

struct usb_device {
	const struct pci_function *controller;
	char port[DEVICE_NAME_MAX];
	char id[16];
	const char *kind;
	char name[2 * USB_TEXT_MAX];
};

struct search {
	const struct machine *machine;
	const struct list_filter *filter;
	struct usb_device *devices;
	size_t count;
};

static void read_text(int dir, const char *device, const char *attribute, char *out)
{
	char path[SYSFS_TEXT_MAX], text[SYSFS_TEXT_MAX];

	out[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", device, attribute);
	if (sysfs_read_text(dir, path, text, sizeof(text)) > 0)
		escape_controls(text, out, USB_TEXT_MAX);
}

/* The interfaces of a device are its neighbours, as 3-1.4.2:1.0 */
static void find_kind(int dir, struct usb_device *device)
{
	char text[USB_TEXT_MAX], interface[DEVICE_NAME_MAX + 8], protocol[USB_TEXT_MAX];

	read_text(dir, device->port, "bDeviceClass", text);
	if (strcmp(text, CLASS_HUB) == 0)
		device->kind = "hub";
	for (unsigned i = 0; !device->kind && i < 8; i++) {
		snprintf(interface, sizeof(interface), "%s:1.%u", device->port, i);
		read_text(dir, interface, "bInterfaceClass", text);
		read_text(dir, interface, "bInterfaceProtocol", protocol);
		if (strcmp(text, CLASS_HID) == 0 &&
			strcmp(protocol, PROTOCOL_KEYBOARD) == 0)
			device->kind = "keyboard";
	}
}

static void describe(int dir, struct usb_device *device)
{
	char vendor[USB_TEXT_MAX], product[USB_TEXT_MAX];

	read_text(dir, device->port, "idVendor", vendor);
	read_text(dir, device->port, "idProduct", product);
	snprintf(device->id, sizeof(device->id), "%.4s:%.4s", vendor, product);
	read_text(dir, device->port, "manufacturer", vendor);
	read_text(dir, device->port, "product", product);
	snprintf(device->name, sizeof(device->name), "%s%s%s", vendor,
		vendor[0] && product[0] ? " " : "", product);
	find_kind(dir, device);
}

static int visit(void *context, int dir, const char *name)
{
	struct search *search = context;
	const struct pci_function *controller;
	struct usb_device *device;
	char link[SYSFS_TEXT_MAX];

	/* Interfaces and root hubs. */
	if (strchr(name, ':') || strncmp(name, "usb", 3) == 0 ||
		strlen(name) >= DEVICE_NAME_MAX || search->count == DEVICES_MAX ||
		sysfs_read_link(dir, name, link, sizeof(link)) < 0)
		return 0;
	controller = attached_function(search->machine, link);
	if (!controller || !list_passes(search->filter, controller))
		return 0;
	device = &search->devices[search->count++];
	*device = (struct usb_device){.controller = controller};
	snprintf(device->port, sizeof(device->port), "%s", name);
	describe(dir, device);
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct usb_device *a = left, *b = right;
	int order = pci_address_compare(&a->controller->address, &b->controller->address);

	return order ? order : strverscmp(a->port, b->port);
}

static int add_row(struct table *table, const struct usb_device *device)
{
	char address[PCI_ADDRESS_TEXT_MAX], group[16] = "";
	const char *cells[CELL_COUNT] = {
		[CELL_CONTROLLER] = address,
		[CELL_DEVICE] = address,
		[CELL_GROUP] = group,
		[CELL_PORT] = device->port,
		[CELL_ID] = device->id,
		[CELL_KIND] = device->kind,
		[CELL_NAME] = device->name,
	};

	pci_address_format(&device->controller->address, address);
	if (strncmp(address, "0000:", 5) == 0)
		cells[CELL_DEVICE] = address + 5;
	if (device->controller->group != MACHINE_GROUP_NONE)
		snprintf(group, sizeof(group), "%d", device->controller->group);
	return table_add(table, cells, COLOUR_NONE);
}

int usb_rows(struct table *table, int root, const struct machine *machine,
	const struct list_filter *filter)
{
	cleanup_free struct usb_device *devices = calloc(DEVICES_MAX, sizeof(*devices));
	struct search search = {.machine = machine, .filter = filter, .devices = devices};
	int r = 0;

	if (!devices)
		return -ENOMEM;
	(void)dir_for_each(root, USB_DIR, visit, &search);
	qsort(devices, search.count, sizeof(*devices), compare);
	for (size_t i = 0; r == 0 && i < search.count; i++)
		r = add_row(table, &devices[i]);
	return r;
}
