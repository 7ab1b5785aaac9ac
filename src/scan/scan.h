/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fills a machine from /sys below a root directory.
 *
 * A read of sysfs can block for ever: driver_override takes the device's lock on kernels
 * before 6.12.91 (driver_override_show() in drivers/pci/pci-sysfs.c), and that lock is
 * held by a stuck probe or unbind. So the scan reads only what takes no lock (modalias,
 * the links driver, iommu_group and physfn, whether subordinate_bus_number exists, and of
 * displays resource and boot_vga), and the rest only where a rule asks for a serial
 * number, or for functions that it wants. The observer is told before each function.
 */
#pragma once

#include "core/machine.h"
#include "core/selection.h"

enum scan_part {
	SCAN_WITHOUT_LOCK, /* of every function */
	SCAN_WITH_LOCK,    /* may wait for the device's lock; of wanted functions */
};

struct scan_observer {
	void *context;
	/* Before a function's attributes are read; false: known to hang, leave it out. */
	bool (*enter)(
		void *context, enum scan_part part, const struct pci_address *address);
};

/*
 * Lists the functions in ROOT/sys/bus/pci/devices, of which nothing else is known then:
 * see core/wish.h. Returns 0, -ENOMEM, -E2BIG (more than MACHINE_FUNCTIONS_MAX), or what
 * opening the directory gave.
 */
int scan_list(int root, struct machine *ret_machine);

/*
 * Finds out what is wished for. One that cannot be read, or that vanishes, becomes
 * unknown, and the machine keeps it: machine_drop_vanished(). Returns 0 or what opening
 * the directory gave.
 */
int scan_fill(int root, const struct scan_observer *observer, struct machine *machine);

/*
 * Both, for all that is common to functions, of every one. A function that vanishes while
 * it is read is left out.
 */
int scan_machine(
	int root, const struct scan_observer *observer, struct machine *ret_machine);

/*
 * Reads what only matters for wanted functions: driver_override if WITH_OVERRIDE, whether
 * the present driver is built in, and what uses the device where the decision depends on
 * it. Without driver_override nothing takes the lock of a device.
 */
void scan_wanted(int root, const struct scan_observer *observer,
	const struct selection *selection, bool with_override);
