/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that changes the machine, as one table of functions: apply() walks a plan
 * through it, and tests put a recording or a failing machine in its place.
 *
 * Each returns 0 or -errno. -ETIMEDOUT means that the call is known never to return.
 */
#pragma once

#include "core/config.h"
#include "core/framebuffer.h"
#include "core/pci_address.h"

/*
 * A device that has to stay in D0. vfio-pci lets an idle one suspend as soon as it is
 * bound, whatever power/control said before (vfio_pci_core_register_device()); so that is
 * written afterwards, and that the short sleep in between is not D3cold, before.
 */
enum power_step {
	POWER_NEVER_D3COLD, /* before it is bound */
	POWER_ON,           /* after */
	POWER_AS_USUAL,     /* it was not bound: the first step is taken back */
};

struct effects {
	void *context;

	/*
	 * Writes driver_override; an empty DRIVER clears it by writing "\n", because a
	 * zero-length write returns 0 and does nothing (sysfs_kf_write() in
	 * fs/sysfs/file.c).
	 */
	int (*override)(
		void *context, const struct pci_address *address, const char *driver);

	/*
	 * Clears sriov_drivers_autoprobe, so that no driver is asked about virtual
	 * functions that appear (pci_device_can_probe() in drivers/pci/pci-driver.c;
	 * driver_override still counts). Returns 1 where it was clear, -ENOENT for a
	 * function without SR-IOV.
	 */
	int (*hold_vfs)(void *context, const struct pci_address *address);

	int (*power)(
		void *context, const struct pci_address *address, enum power_step step);

	/* Loads a module and what it needs; also 0 where it is loaded or built in. */
	int (*load)(void *context, const char *module);

	/* Whether a PCI driver of this name is registered, from a module or built in. */
	bool (*driver_present)(void *context, const char *driver);

	int (*unbind)(
		void *context, const struct pci_address *address, const char *driver);

	/*
	 * Writes drivers_probe. Success does not mean that anything was bound: the kernel
	 * reports it for a failed probe as well (drivers_probe_store() in
	 * drivers/base/bus.c).
	 */
	int (*probe)(void *context, const struct pci_address *address);

	/*
	 * Waits, for less than a second, until the driver that a device is linked to is
	 * not at work on it: has the kernel take the device's lock. drivers_probe does
	 * not where there is a driver (bus_rescan_devices_helper()), and bind appears
	 * when the load of a driver is over (bus_add_driver()). A word that power/control
	 * does not know is refused with the lock held (control_store() in
	 * drivers/base/power/sysfs.c).
	 */
	int (*settle)(void *context, const struct pci_address *address);

	/* Writes DRIVER/bind, which unlike drivers_probe returns the probe's errno. */
	int (*bind)(void *context, const struct pci_address *address, const char *driver);

	/*
	 * Has the driver of a platform device let go of the boot framebuffer: writes
	 * DEVICE to the driver's unbind.
	 */
	int (*release)(void *context, const char *device);

	/* Has the kernel forget the device, and look for what is on its buses. */
	int (*rescan)(void *context, const struct pci_address *address);

	/* Who has the boot framebuffer at present. */
	int (*framebuffer)(void *context, struct boot_framebuffer *ret_framebuffer);

	/* The driver the device is bound to, "" for none. */
	int (*bound_driver)(void *context, const struct pci_address *address,
		char out[DRIVER_NAME_MAX]);
};
