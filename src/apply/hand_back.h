/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives devices back to the host while it runs: the override is cleared, the VFIO driver
 * unbound, the host's driver loaded by the device's modalias, the device probed again,
 * and the driver read back.
 *
 * A device that a process has open through VFIO is refused: its unbind would wait for
 * that process, in a way that nothing can end (vfio_unregister_group_dev() in
 * drivers/vfio/vfio_main.c). One that a driver of the host has is left to it, and only
 * its override is cleared.
 */
#pragma once

#include "core/selection.h"
#include "effects.h"

#define HAND_BACK_USER_MAX 160

struct hand_back {
	const struct effects *effects; /* NULL: only say what would be done */
	bool rescan;                   /* forget each device, and look for it again */
	/* Who has the device open; 1 with OUT set, 0, or -errno: not known. */
	int (*find_user)(void *context, const struct pci_function *function,
		char out[HAND_BACK_USER_MAX]);
	void *context;
};

/* Every one of the selection, whose driver_override has been read, gets a finding. */
void hand_back(const struct hand_back *how, const struct selection *selection,
	struct findings *findings);
