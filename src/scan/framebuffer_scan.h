/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who has the boot framebuffer, and in whose BAR it lies. None of this takes a lock of a
 * device.
 */
#pragma once

#include "scan.h"

/*
 * Who has it at present: the platform device in ROOT/sys/bus/platform that has a driver,
 * the claim in ROOT/proc/iomem. Returns 0 or what reading the driver's link gave.
 */
int framebuffer_read(int root, struct boot_framebuffer *ret_framebuffer);

/*
 * Fills machine->framebuffer, and marks the boot display: the function whose BAR holds
 * the boot framebuffer, by /proc/iomem, which is the first of the two; where that names
 * none, by the boot parameters, and else the function with boot_vga 1, for which the
 * classes of all functions have to be known. That attribute says which display the VGA
 * arbiter prefers (boot_vga_show() in drivers/pci/pci-sysfs.c): it exists for class 0300
 * only and is also given to a display that the firmware did not use.
 */
bool framebuffer_find_claimed(int root, struct machine *machine);
void framebuffer_find_display(
	int root, const struct scan_observer *observer, struct machine *machine);
