/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which functions a run has decided about since the boot.
 *
 * Each is a file /run/vfio-early/seen/ADDRESS that holds the inode number of the
 * function's directory in sysfs: one that was removed and came back has another (the ids
 * of kernfs nodes count up, __kernfs_new_node() in fs/kernfs/dir.c). The udev rule looks
 * for the file and passes over coldplug; without the folder there was no boot run.
 *
 * A function that lacks its driver, or an IOMMU, waits instead (guard_waits()), by a file
 * in /run/vfio-early/waiting: the system that the boot goes on to may have the module,
 * and is asked by its coldplug.
 */
#pragma once

#include "core/machine.h"

/* On a machine with more, the rest is decided again by coldplug: a file is a page. */
#define SEEN_MAX 4096

/* Whether the boot run was there at all. */
bool seen_any(void);

/* Whether this function was decided about; not one that has been here before it. */
bool seen_has(const struct pci_address *address);

/* Whether it was decided that this function waits. */
bool seen_waiting(const struct pci_address *address);

/*
 * Notes a function as seen, or as waiting. Returns 0 or -errno. One
 * that is not there any more is not noted.
 */
int seen_add(const struct pci_address *address);
int seen_note(const struct pci_function *function);
int seen_add_all(const struct machine *machine);
