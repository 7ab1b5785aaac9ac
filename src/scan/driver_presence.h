/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the drivers that rules ask for can be had, found out before anything is
 * written: with the name of one that is not there in its driver_override, a device would
 * match no driver at all. The kernel compares the whole name (pci_match_device()): for it
 * - and _ differ, as they do not in the names of modules.
 */
#pragma once

#include "core/selection.h"

/* Where modules are asked for. */
struct module_lookup {
	void *context;
	/* Whether the kernel in question has a module of this name; - and _ are the same.
	 */
	bool (*has)(void *context, const char *name);
};

/*
 * Sets driver_missing of every wanted function whose driver is not registered below the
 * descriptor ROOT and
 *   - has no module either, or
 *   - has one that registers another name, which is driver_meant then: as sysfs tells of
 * a module that is loaded or built in, and as driver_name_meant() knows of others. It
 * says nothing about functions that were decided before.
 */
void driver_presence_find(
	int root, const struct selection *selection, const struct module_lookup *modules);
