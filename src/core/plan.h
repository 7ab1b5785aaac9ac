/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What will be done, in order, before anything is done:
 *
 *   HOLD      functions whose virtual functions are wanted: the kernel asks no driver
 *             about those any more (sriov_drivers_autoprobe)
 *   OVERRIDE  every device first, so that from here on no other driver can win
 *   LOAD      the driver of each, once, and for VFIO drivers vfio_iommu_type1, which
 *             nothing else asks for (a softdep "post:" of vfio)
 *   UNBIND    devices that another driver holds, now that the new one is there
 *   PROBE     each device
 *   RELEASE   the boot framebuffer, where it lies in a BAR of a device that VFIO has now:
 *             framebuffer.h says why, and apply does what is left to do
 *
 * Whether it worked is read back by apply for every device of the plan; what did not
 * work is given back. Nothing outside the plan is ever written.
 */
#pragma once

#include "selection.h"

enum operation_kind {
	OPERATION_OVERRIDE,
	OPERATION_LOAD,
	OPERATION_UNBIND,
	OPERATION_PROBE,
	OPERATION_RELEASE,
	OPERATION_HOLD,
};

struct operation {
	enum operation_kind kind;
	size_t device; /* index into plan.devices; for LOAD one that needs it */
	const struct pci_function *function; /* HOLD */
	/* LOAD: a module beside the driver; NULL: the driver of the device's rule. */
	const char *module;
};

struct plan_device {
	const struct pci_function *function;
	const struct rule *rule;
};

struct plan {
	struct plan_device *devices; /* by address, ascending */
	size_t device_count;
	struct operation *operations;
	size_t operation_count;
	const struct boot_framebuffer *framebuffer; /* the machine's */
};

/*
 * Like selection_make() it may leave wishes; then the plan is to be made again.
 *
 * Asks the guards about every wanted device, notes those that wait (guards.h) in the
 * machine, and orders what is left. Refusals, devices that are already right, and notices
 * become findings. Returns 0 or -ENOMEM.
 */
int plan_make(const struct machine *machine, const struct selection *selection,
	struct plan *ret_plan, struct findings *findings);

/* Adds a finding for each planned device that says what would be done. */
void plan_describe(const struct plan *plan, struct findings *findings);

void plan_clear(struct plan *plan);
