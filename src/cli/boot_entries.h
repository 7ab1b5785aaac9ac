/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entries of boot menus: of the Boot Loader Specification in loader/entries of /boot,
 * /efi and /boot/efi, and the menu entries of /boot/grub/grub.cfg and
 * /boot/grub2/grub.cfg. Variables of GRUB are not looked up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BOOT_ENTRY_FILES_MAX 16

struct boot_entry {
	const char *path; /* of the file that it is in, without a slash in front */
	unsigned line;    /* of a grub.cfg, from 1; else 0 */
	const char *cmdline;
	/* Its initrds, and the unified kernel image that it starts: those that are there,
	 * without a slash in front. */
	char *files[BOOT_ENTRY_FILES_MAX];
	size_t count;
	bool is_cut; /* there are more than that */
};

/*
 * Calls VISIT for each entry, until it returns nonzero, which is returned; else 0 or
 * -ENOMEM. What cannot be read is left out.
 */
int boot_entries_for_each(int root,
	int (*visit)(void *context, const struct boot_entry *entry), void *context);
