/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a virtual machine will be able to use what the plan takes.
 *
 * A group is usable ("viable") only when every member has no driver or one that leaves
 * DMA to user space: the VFIO drivers, pci-stub, pcieport
 * (device_driver.driver_managed_dma since 5.19; vfio_dev_viable() in drivers/vfio/vfio.c
 * before). Binding does not check it: the virtual machine fails later. So each member
 * that will stay with a host driver becomes a notice that names it and what to do.
 * Nothing is refused here.
 */
#pragma once

#include "plan.h"

/* Returns 0 or -ENOMEM. */
int viability_note(const struct machine *machine, const struct selection *selection,
	const struct plan *plan, struct findings *findings);
