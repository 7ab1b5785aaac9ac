/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel command line says about the IOMMU, and what to do where the kernel has
 * none. AMD's is used unless it is switched off (amd_iommu=off), Intel's where
 * CONFIG_INTEL_IOMMU_DEFAULT_ON or intel_iommu=on says so (dmar_disabled in
 * drivers/iommu/intel/iommu.c); iommu=off goes for both (arch/x86/kernel/pci-dma.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IOMMU_WORD_MAX 64
#define IOMMU_FIX_MAX  160

struct iommu_switches {
	char off[IOMMU_WORD_MAX]; /* the word that switches it off, "" for none */
	bool intel_on;
};

/* The last word that switches it off counts. */
void iommu_switches_read(
	const char *cmdline, size_t length, struct iommu_switches *ret_switches);

/* What to do, as a part of a sentence, where the kernel has no IOMMU. */
void iommu_fix(const struct iommu_switches *switches, char out[IOMMU_FIX_MAX]);
