/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a system has of changing its kernel command line, found by the files that the
 * ways leave behind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum boot_loader {
	LOADER_UNKNOWN,
	LOADER_RPM_OSTREE,
	LOADER_KERNELSTUB,
	LOADER_GRUBBY,         /* GRUB, with entries that grubby(8) edits */
	LOADER_UPDATE_GRUB,    /* GRUB, /etc/default/grub, update-grub(8) */
	LOADER_GRUB2_MKCONFIG, /* GRUB, /etc/default/grub, grub2-mkconfig(8) */
	LOADER_GRUB_MKCONFIG,  /* GRUB, /etc/default/grub, grub-mkconfig(8) */
	LOADER_KERNEL_INSTALL, /* /etc/kernel/cmdline, which kernel-install(8) uses */
	LOADER_UKI,            /* /etc/kernel/cmdline, which goes into a UKI */
	LOADER_ENTRIES,        /* entries that are written by hand */
	LOADER_COUNT,
};

/* Looks below the descriptor ROOT. */
enum boot_loader boot_loader_find(int root);

/* What to type or to do so that WORD is on the command line, or no longer. */
void boot_loader_fix(
	enum boot_loader loader, bool add, const char *word, char *out, size_t size);

/* Where the boot partitions are, below a root; ends with NULL. */
extern const char *const boot_folders[];
