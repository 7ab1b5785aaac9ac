/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_loader.h"

#include "scan/sysfs_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 128

const char *const boot_folders[] = {"boot", "efi", "boot/efi", NULL};

static bool is_there(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static bool has_program(int root, const char *name)
{
	static const char *const folders[] = {"usr/sbin", "usr/bin", "sbin", "bin"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (is_there(root, path))
			return true;
	}
	return false;
}

struct ending {
	const char *text;
	bool found;
};

static int look(void *context, int dir, const char *name)
{
	struct ending *ending = context;
	size_t length = strlen(name), end = strlen(ending->text);

	(void)dir;
	ending->found |= length > end && strcmp(name + length - end, ending->text) == 0;
	return ending->found;
}

static bool has_file(int root, const char *folder, const char *end)
{
	struct ending ending = {.text = end};

	for (size_t i = 0; !ending.found && boot_folders[i]; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", boot_folders[i], folder);
		(void)dir_for_each(root, path, look, &ending);
	}
	return ending.found;
}

static enum boot_loader find_grub(int root)
{
	if (has_program(root, "grubby"))
		return LOADER_GRUBBY;
	if (has_program(root, "update-grub"))
		return LOADER_UPDATE_GRUB;
	if (has_program(root, "grub2-mkconfig"))
		return LOADER_GRUB2_MKCONFIG;
	return LOADER_GRUB_MKCONFIG;
}

enum boot_loader boot_loader_find(int root)
{
	bool entries = has_file(root, "loader/entries", ".conf");

	if (is_there(root, "run/ostree-booted"))
		return LOADER_RPM_OSTREE;
	if (is_there(root, "etc/kernelstub/configuration"))
		return LOADER_KERNELSTUB;
	if (is_there(root, "etc/default/grub"))
		return find_grub(root);
	if (has_file(root, "EFI/Linux", ".efi") && !entries)
		return LOADER_UKI;
	if (entries && (is_there(root, "etc/kernel/cmdline") ||
			       is_there(root, "etc/kernel/install.conf")))
		return LOADER_KERNEL_INSTALL;
	return entries ? LOADER_ENTRIES : LOADER_UNKNOWN;
}

void boot_loader_fix(
	enum boot_loader loader, bool add, const char *word, char *out, size_t size)
{
	const char *into = add ? "add it to" : "take it out of";
	const char *after = NULL;

	switch (loader) {
	case LOADER_RPM_OSTREE:
		snprintf(out, size, "sudo rpm-ostree kargs --%s=%s",
			add ? "append-if-missing" : "delete-if-present", word);
		return;
	case LOADER_KERNELSTUB:
		snprintf(out, size, "sudo kernelstub --%s \"%s\"",
			add ? "add-options" : "delete-options", word);
		return;
	case LOADER_GRUBBY:
		snprintf(out, size, "sudo grubby --update-kernel=ALL --%s=\"%s\"",
			add ? "args" : "remove-args", word);
		return;
	case LOADER_UPDATE_GRUB:
		after = "sudo update-grub";
		break;
	case LOADER_GRUB2_MKCONFIG:
		after = "sudo grub2-mkconfig -o /boot/grub2/grub.cfg";
		break;
	case LOADER_GRUB_MKCONFIG:
		after = "sudo grub-mkconfig -o /boot/grub/grub.cfg";
		break;
	case LOADER_KERNEL_INSTALL:
		snprintf(out, size,
			"%s: %s the line in /etc/kernel/cmdline (without that file: of "
			"/proc/cmdline), then: sudo kernel-install add \"$(uname -r)\" "
			"\"/lib/modules/$(uname -r)/vmlinuz\"",
			word, into);
		return;
	case LOADER_UKI:
		snprintf(out, size,
			"%s: %s the line in /etc/kernel/cmdline, then build the unified "
			"kernel image again (mkinitcpio -P, dracut --force "
			"--regenerate-all, or kernel-install add)",
			word, into);
		return;
	case LOADER_ENTRIES:
		snprintf(out, size,
			"%s: %s the options line of the entry in loader/entries/*.conf "
			"on the boot partition",
			word, into);
		return;
	case LOADER_UNKNOWN:
	case LOADER_COUNT:
		snprintf(out, size,
			"%s: %s the kernel command line, where your boot loader has it",
			word, into);
		return;
	}
	snprintf(out, size,
		"%s: %s GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then: %s", word,
		into, after);
}
