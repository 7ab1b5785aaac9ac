/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framebuffer_scan.h"

#include "cleanup.h"
#include "sysfs_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IOMEM              "proc/iomem"
#define IOMEM_BYTES_MAX    1048576
#define BOOT_PARAMS        "sys/kernel/boot_params/data"
#define BOOT_PARAMS_MAX    4096 /* struct boot_params is a page */
#define RESOURCE_BYTES_MAX 4096
#define PATH_MAX_BYTES     128

/* What sysfb_init() in drivers/firmware/sysfb.c makes, of what lies in a BAR. */
static const char *const devices[] = {
	"efi-framebuffer.0", "simple-framebuffer.0", "vesa-framebuffer.0"};

static int read_device(int root, char out[FRAMEBUFFER_NAME_MAX])
{
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		char path[PATH_MAX_BYTES], driver[SYSFS_TEXT_MAX];
		int r;

		snprintf(path, sizeof(path), "sys/bus/platform/devices/%s/driver",
			devices[i]);
		r = sysfs_read_link(root, path, driver, sizeof(driver));
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		snprintf(out, FRAMEBUFFER_NAME_MAX, "%s", devices[i]);
		return 0;
	}
	return 0;
}

/* Whether the memory map has a claim of it; HOLDER is the function whose BAR it is in. */
static bool read_claim(
	int root, char out[FRAMEBUFFER_NAME_MAX], struct pci_address *ret_holder)
{
	cleanup_free char *text = NULL;
	size_t length;

	out[0] = '\0';
	return proc_read(root, IOMEM, IOMEM_BYTES_MAX, &text, &length) == 0 &&
	       iomem_find_framebuffer(text, out, ret_holder);
}

int framebuffer_read(int root, struct boot_framebuffer *ret_framebuffer)
{
	struct boot_framebuffer framebuffer = {0};
	struct pci_address holder;
	int r = read_device(root, framebuffer.device);

	if (r < 0)
		return r;
	(void)read_claim(root, framebuffer.claim, &holder);
	*ret_framebuffer = framebuffer;
	return 0;
}

static bool read_address(int root, uint64_t *ret_address)
{
	cleanup_free char *bytes = NULL;
	size_t length;

	return file_read(root, BOOT_PARAMS, BOOT_PARAMS_MAX, &bytes, &length) == 0 &&
	       boot_params_find_framebuffer(bytes, length, ret_address);
}

static bool read_attribute(int root, const struct pci_function *function,
	const char *attribute, char *out, size_t size)
{
	char path[PATH_MAX_BYTES], address[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(&function->address, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, attribute);
	return sysfs_read_text(root, path, out, size) >= 0;
}

static bool bar_holds(int root, const struct pci_function *function, uint64_t address)
{
	char text[RESOURCE_BYTES_MAX];

	return read_attribute(root, function, "resource", text, sizeof(text)) &&
	       resource_holds(text, address);
}

static bool is_boot_vga(int root, const struct pci_function *function, uint64_t unused)
{
	char text[SYSFS_TEXT_MAX];

	(void)unused;
	return read_attribute(root, function, "boot_vga", text, sizeof(text)) &&
	       strcmp(text, "1") == 0;
}

/* Marks the first display of which HOLDS is true. */
static bool mark_display(int root, const struct scan_observer *observer,
	struct machine *machine, uint64_t address,
	bool (*holds)(int root, const struct pci_function *function, uint64_t address))
{
	for (size_t i = 0; i < machine->count; i++) {
		struct pci_function *function = &machine->functions[i];

		if (!pci_function_may_have_picture(function))
			continue;
		if (function->unknown ||
			(observer && observer->enter &&
				!observer->enter(observer->context, SCAN_WITHOUT_LOCK,
					&function->address)))
			continue;
		function->boot_display = holds(root, function, address);
		if (function->boot_display)
			return true;
	}
	return false;
}

bool framebuffer_find_claimed(int root, struct machine *machine)
{
	struct boot_framebuffer *framebuffer = &machine->framebuffer;
	struct pci_address holder;
	struct pci_function *function = NULL;

	(void)read_device(root, framebuffer->device);
	if (read_claim(root, framebuffer->claim, &holder))
		function = machine_find(machine, &holder);
	if (function)
		function->boot_display = true;
	return function != NULL;
}

void framebuffer_find_display(
	int root, const struct scan_observer *observer, struct machine *machine)
{
	uint64_t address;

	if (read_address(root, &address) &&
		mark_display(root, observer, machine, address, bar_holds))
		return;
	(void)mark_display(root, observer, machine, 0, is_boot_vga);
}
