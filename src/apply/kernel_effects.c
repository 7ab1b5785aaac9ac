/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel_effects.h"

#include "scan/framebuffer_scan.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES          "/sys/bus/pci/devices"
#define DRIVERS          "/sys/bus/pci/drivers"
#define PROBE            "/sys/bus/pci/drivers_probe"
#define RESCAN           "/sys/bus/pci/rescan"
#define PLATFORM_DEVICES "/sys/bus/platform/devices"
#define PATH_MAX_BYTES   192

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(text);
	ssize_t written;
	int r;

	if (fd < 0)
		return -errno;
	written = write(fd, text, length);
	r = written < 0 ? -errno : (size_t)written == length ? 0 : -EIO;
	close(fd);
	return r;
}

static int announced_write(struct kernel_effects *kernel, enum call_kind kind,
	const struct pci_address *address, const char *driver, const char *path,
	const char *text)
{
	int r;

	if (!watch_enter(kernel->watch, kind, address, driver))
		return -ETIMEDOUT;
	r = write_text(path, text);
	watch_leave(kernel->watch);
	return r;
}

static int kernel_override(
	void *context, const struct pci_address *address, const char *driver)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX], text[DRIVER_NAME_MAX + 1];

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", name);
	snprintf(text, sizeof(text), "%s\n", driver);
	return announced_write(context, CALL_OVERRIDE, address, driver, path, text);
}

static int write_attribute(struct kernel_effects *kernel, enum call_kind kind,
	const struct pci_address *address, const char *attribute, const char *text)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s/%s", name, attribute);
	return announced_write(kernel, kind, address, attribute, path, text);
}

static int kernel_hold_vfs(void *context, const struct pci_address *address)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX], now[8];

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s/sriov_drivers_autoprobe", name);
	if (sysfs_read_text(AT_FDCWD, path, now, sizeof(now)) == 1 && now[0] == '0')
		return 1;
	return write_attribute(
		context, CALL_SET, address, "sriov_drivers_autoprobe", "0");
}

static int kernel_power(
	void *context, const struct pci_address *address, enum power_step step)
{
	switch (step) {
	case POWER_NEVER_D3COLD:
		return write_attribute(context, CALL_SET, address, "d3cold_allowed", "0");
	case POWER_ON:
		return write_attribute(context, CALL_SET, address, "power/control", "on");
	case POWER_AS_USUAL:
		return write_attribute(context, CALL_SET, address, "d3cold_allowed", "1");
	}
	return -EINVAL;
}

static int kernel_load(void *context, const char *module)
{
	struct kernel_effects *kernel = context;
	char path[PATH_MAX_BYTES];
	int r;

	if (!watch_enter(kernel->watch, CALL_LOAD, NULL, module))
		return -ETIMEDOUT;
	r = module_load(kernel->loader, module);
	watch_leave(kernel->watch);
	if (r == 0)
		return 0;
	/* Built in: then it need not be in the image's module lists. */
	snprintf(path, sizeof(path), "/sys/module/%s", module);
	for (char *c = path; *c; c++)
		if (*c == '-')
			*c = '_';
	return access(path, F_OK) == 0 ? 0 : r;
}

bool kernel_driver_present(void *context, const char *driver)
{
	char path[PATH_MAX_BYTES];

	(void)context;
	snprintf(path, sizeof(path), DRIVERS "/%s", driver);
	return access(path, F_OK) == 0;
}

static int write_to_driver(struct kernel_effects *kernel, enum call_kind kind,
	const char *attribute, const struct pci_address *address, const char *driver)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DRIVERS "/%s/%s", driver, attribute);
	return announced_write(kernel, kind, address, driver, path, name);
}

static int kernel_unbind(
	void *context, const struct pci_address *address, const char *driver)
{
	return write_to_driver(context, CALL_UNBIND, "unbind", address, driver);
}

static int kernel_bind(
	void *context, const struct pci_address *address, const char *driver)
{
	return write_to_driver(context, CALL_BIND, "bind", address, driver);
}

static int kernel_probe(void *context, const struct pci_address *address)
{
	char name[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(address, name);
	return announced_write(context, CALL_PROBE, address, NULL, PROBE, name);
}

/* What is written is no word of that attribute, so that nothing comes of it. */
static int kernel_settle(void *context, const struct pci_address *address)
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX];

	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s/power/control", name);
	return announced_write(context, CALL_SETTLE, address, NULL, path, "-");
}

static int kernel_release(void *context, const char *device)
{
	struct kernel_effects *kernel = context;
	char path[PATH_MAX_BYTES];
	int r;

	if (!watch_enter(kernel->watch, CALL_RELEASE, NULL, device))
		return -ETIMEDOUT;
	snprintf(path, sizeof(path), PLATFORM_DEVICES "/%s/driver/unbind", device);
	r = write_text(path, device);
	watch_leave(kernel->watch);
	return r;
}

static int kernel_rescan(void *context, const struct pci_address *address)
{
	int r = write_attribute(context, CALL_SET, address, "remove", "1");

	if (r < 0)
		return r;
	return announced_write(context, CALL_PROBE, address, NULL, RESCAN, "1");
}

static int kernel_framebuffer(void *context, struct boot_framebuffer *ret_framebuffer)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	(void)context;
	if (root < 0)
		return -errno;
	r = framebuffer_read(root, ret_framebuffer);
	close(root);
	return r;
}

/* A link of sysfs: takes no device lock, so it needs no announcement. */
static int kernel_bound_driver(
	void *context, const struct pci_address *address, char out[DRIVER_NAME_MAX])
{
	char path[PATH_MAX_BYTES], name[PCI_ADDRESS_TEXT_MAX], link[PATH_MAX_BYTES];
	const char *slash;
	ssize_t length;

	(void)context;
	pci_address_format(address, name);
	snprintf(path, sizeof(path), DEVICES "/%s/driver", name);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0 && errno != ENOENT)
		return -errno;
	link[length < 0 ? 0 : length] = '\0';
	slash = strrchr(link, '/');
	snprintf(out, DRIVER_NAME_MAX, "%s", slash ? slash + 1 : link);
	return 0;
}

struct effects kernel_effects_table(struct kernel_effects *kernel)
{
	return (struct effects){
		.context = kernel,
		.override = kernel_override,
		.hold_vfs = kernel_hold_vfs,
		.power = kernel_power,
		.load = kernel_load,
		.driver_present = kernel_driver_present,
		.unbind = kernel_unbind,
		.probe = kernel_probe,
		.settle = kernel_settle,
		.bind = kernel_bind,
		.release = kernel_release,
		.rescan = kernel_rescan,
		.framebuffer = kernel_framebuffer,
		.bound_driver = kernel_bound_driver,
	};
}
