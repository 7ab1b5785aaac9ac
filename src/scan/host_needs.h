/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Works out what the host needs, from what can be seen below a root directory: mounts,
 * swap, fstab, crypttab, the kernel command line and the superblocks of the disks that
 * are there; keyboards; network interfaces that carry routes.
 *
 * On a running system the mounts tell about the root. Before it is mounted only the
 * command line does, and only where the disks it names are there.
 */
#pragma once

#include "block_list.h"
#include "core/boot_source.h"
#include "core/machine.h"
#include "core/needs.h"

/*
 * Fills *ret_needs and *ret_source (the command line). What cannot be read is not known,
 * and says so in ret_needs: there is no error but -ENOMEM. In a container nothing of the
 * machine is taken for the host's. OBSERVER may be NULL.
 */
int host_needs_read(int root, const struct machine *machine,
	const struct block_observer *observer, struct boot_source *ret_source,
	struct needs *ret_needs);

/* Its parts. The first returns 1 where a root file system is mounted, 0 in an initramfs:
 * then input devices and routes that are not there may yet come. */
int host_disks_read(int root, const struct machine *machine,
	const struct block_observer *observer, const struct boot_source *source,
	struct needs *needs);
void host_keyboards_read(int root, const struct machine *machine, struct needs *needs);
void host_network_read(int root, const struct machine *machine, struct needs *needs);

/*
 * Adds a need of every PCI function that the text of a sysfs link passes through, but
 * bridges. False where there is none in this machine.
 */
bool host_link_needs(const struct machine *machine, const char *link, enum need_kind kind,
	const char *words, struct needs *needs);

/* Adds a need of what a network interface is made of. */
void host_interface_needs(int root, const struct machine *machine, const char *interface,
	const char *words, struct needs *needs);
