/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "errno_words.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* include/linux/errno.h; not in user space headers. */
#define EPROBE_DEFER 517

struct words {
	int error;
	const char *text;
};

/* driver_override_store() in drivers/pci/pci-sysfs.c, driver_set_override(). */
static const struct words override_words[] = {
	{EINVAL, "the kernel does not accept this driver name"},
	{ENOENT, "the device is gone"},
	{ENODEV, "the device is gone"},
	{ENOMEM, "the kernel is out of memory"},
	{EROFS, "sysfs is mounted read-only"},
	{EACCES, "sysfs does not permit it: not root, or locked down"},
	{ETIMEDOUT, "the write never returned: another call holds the device's lock"},
	{0, NULL},
};

/* kernel/module/main.c; libkmod's own for what it does before the call. */
static const struct words load_words[] = {
	{ENOENT, "the module, or one it depends on, is not in this image for the running "
		 "kernel; rebuild the image"},
	{EPERM, "the kernel forbids it: module_blacklist= on the command line, or "
		"lockdown "
		"and an unsigned module"},
	{EKEYREJECTED,
		"the module's signature is bad or missing and the kernel asks for one"},
	{ENOKEY, "the module is signed with a key that the kernel does not have"},
	{ENOEXEC,
		"the module is built for another kernel, or damaged; rebuild the image"},
	{EINVAL,
		"a module parameter has a value that the module refuses; see the options "
		"lines in modprobe.d"},
	{ENOSYS, "neither the kernel nor this program can decompress the module"},
	{ENOMEM, "the kernel is out of memory"},
	{EBUSY, "its initialisation failed"},
	{ENODEV, "the module found nothing that it could serve"},
	{ECANCELED, "it is blacklisted in modprobe.d or by modprobe.blacklist= on the "
		    "command line; remove that"},
	{EACCES, "an install line in modprobe.d forbids it (install ... /bin/false or "
		 "/bin/true); remove that line"},
	{ENXIO, "the module is loaded, but no PCI driver has that name; correct driver="},
	{ETIMEDOUT, "the load never returned"},
	{0, NULL},
};

static const struct words unbind_words[] = {
	{ENODEV, "the driver does not hold the device any more"},
	{ENOENT, "the driver or the device is gone"},
	{EACCES, "sysfs does not permit it: not root, or locked down"},
	{EROFS, "sysfs is mounted read-only"},
	{EBUSY, "the driver is still on the device"},
	{ETIMEDOUT, "the driver did not let go"},
	{0, NULL},
};

/* vfio_pci_core_register_device(), vfio_register_group_dev(), really_probe(). */
static const struct words bind_words[] = {
	{EINVAL, "VFIO refuses it: no IOMMU group, a PCI bridge, or a device on its "
		 "denylist"},
	{EBUSY, "another driver holds it, or it is a physical function whose SR-IOV "
		"virtual "
		"functions are on"},
	{ENODEV, "the driver does not want it"},
	{ENOENT, "the driver is gone"},
	{ENOMEM, "the kernel is out of memory"},
	{EIO, "the device does not answer"},
	{ENOTTY, "the device has no way to be reset"},
	{EACCES, "sysfs does not permit it: not root, or locked down"},
	{EPERM, "the kernel does not permit it"},
	{EPROBE_DEFER, "the driver asked to be tried again later"},
	{ETIMEDOUT, "the probe never returned"},
	{0, NULL},
};

static const struct words *table_of(enum step step)
{
	switch (step) {
	case STEP_OVERRIDE:
		return override_words;
	case STEP_LOAD:
		return load_words;
	case STEP_UNBIND:
		return unbind_words;
	case STEP_BIND:
		return bind_words;
	}
	return bind_words;
}

const char *errno_words(enum step step, int error)
{
	int positive = error < 0 ? -error : error;

	for (const struct words *row = table_of(step); row->text; row++)
		if (row->error == positive)
			return row->text;
	return positive == 0 ? "no error was given" : strerror(positive);
}
