/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot framebuffer: the picture that the firmware left in a BAR of a display. A
 * driver of the kernel (efifb, vesafb, simpledrm) goes on showing it, and claims its
 * memory, until a driver for the display itself comes. Binding vfio-pci works all the
 * same; but as long as a part of a BAR is claimed no virtual machine can map that BAR
 * (vfio_pci_core_mmap() in drivers/vfio/pci/vfio_pci_core.c,
 * pci_request_selected_regions(): -EBUSY, "BAR 0: can't reserve").
 *
 * vfio-pci of Linux 6.1 and newer has the claim removed when it binds a device of class
 * 0300 (vfio_pci_vga_init(), aperture_remove_conflicting_pci_devices() in
 * drivers/video/aperture.c), and of no other class. What was seen on OVMF (on SeaBIOS for
 * vesafb), with the display in a group of its own, and the BAR mapped through VFIO:
 *
 *   kernel             class  claim              after the bind   driver unbound
 *   5.10               0300   efifb              busy             mapped
 *   5.10               0300   vesafb             busy             mapped
 *   5.10               0380   efifb              busy             mapped
 *   6.1, 6.12, 7.2     0300   efifb              mapped
 *   6.1, 6.12, 7.2     0380   efifb              busy             mapped
 *   6.12, SYSFB_SIMPLEFB 0300 BOOTFB, simpledrm  mapped
 *   6.12, SYSFB_SIMPLEFB 0380 BOOTFB, simpledrm  busy             busy
 *
 * In the last row the claim is one of the platform device itself, not of its driver
 * (sysfb_create_simplefb() in drivers/firmware/sysfb_simplefb.c), and only the kernel can
 * remove that. It is smaller than the BAR, so the BAR cannot be claimed inside it
 * (__request_region_locked() in kernel/resource.c). There, unbinding the driver would
 * cost the host its console and win nothing.
 */
#pragma once

#include "config.h"
#include "pci_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMEBUFFER_NAME_MAX 64

/* Who has it at present. */
struct boot_framebuffer {
	char device[FRAMEBUFFER_NAME_MAX]; /* platform device with a driver, "" for none
					    */
	char claim[FRAMEBUFFER_NAME_MAX]; /* in the memory map, as "efifb"; "" for none */
};

enum framebuffer_fate {
	FRAMEBUFFER_GONE, /* nobody has it */
	FRAMEBUFFER_TO_RELEASE,
	FRAMEBUFFER_LEFT,  /* framebuffer=leave */
	FRAMEBUFFER_FIXED, /* only the kernel itself could release it */
};

/* What is to become of it, now that its display is on a VFIO driver. */
enum framebuffer_fate framebuffer_fate(
	enum framebuffer_policy policy, const struct boot_framebuffer *now);

/*
 * The first claim of a boot framebuffer's driver inside a BAR, in the text of
 * /proc/iomem:
 *
 *   c0000000-c0ffffff : 0000:01:00.0
 *     c0000000-c03e7fff : efifb
 *
 * False where there is none. Who is not root reads only zeros as addresses, but the names
 * all the same. *ret_holder is the function whose BAR it is.
 */
bool iomem_find_framebuffer(const char *text, char ret_claim[FRAMEBUFFER_NAME_MAX],
	struct pci_address *ret_holder);

/*
 * The address of the framebuffer in x86's boot parameters (/sys/kernel/boot_params/data,
 * struct screen_info at their beginning); false where the firmware left none. Out of date
 * where the kernel has moved the BAR since.
 */
bool boot_params_find_framebuffer(
	const char *bytes, size_t length, uint64_t *ret_address);

/*
 * Whether ADDRESS lies in one of the six BARs in the text of a function's `resource`:
 * "START END FLAGS" in hexadecimal, one a line (resource_show() in
 * drivers/pci/pci-sysfs.c).
 */
bool resource_holds(const char *text, uint64_t address);
