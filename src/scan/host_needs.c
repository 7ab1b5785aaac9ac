/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host_needs.h"

#include "cleanup.h"
#include "core/cmdline.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What has a function right below itself is a bridge (pci_setup_device() in
 * drivers/pci/probe.c makes the bridge of its bus its parent). */
static bool begins_with_address(const char *link)
{
	struct pci_address address;

	return link && pci_address_parse(link, strcspn(link, "/"), &address) == 0;
}

bool host_link_needs(const struct machine *machine, const char *link, enum need_kind kind,
	const char *words, struct needs *needs)
{
	bool found = false;

	while (link) {
		size_t length = strcspn(link, "/");
		const char *below = link[length] ? link + length + 1 : NULL;
		struct pci_address address;

		if (pci_address_parse(link, length, &address) == 0 &&
			!begins_with_address(below) && machine_find(machine, &address)) {
			needs_add(needs, kind, &address, "%s", words);
			found = true;
		}
		link = below;
	}
	return found;
}

/* What container managers leave inside: sd_booted()'s sibling /run/systemd/container,
 * and the marks of docker and podman. */
static bool in_container(int root)
{
	static const char *const marks[] = {
		"run/systemd/container", ".dockerenv", "run/.containerenv"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (faccessat(root, marks[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

static bool are_same(int root, const char *one, const char *other)
{
	struct stat first, second;

	return fstatat(root, one, &first, 0) == 0 &&
	       fstatat(root, other, &second, 0) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Whether the first process has another root: the command line is not this system's. Not
 * so in a stand-alone archive, whose own /init is the first process, above this root. */
static bool in_chroot(int root)
{
	struct stat first;

	return fstatat(root, "proc/1/root", &first, 0) == 0 &&
	       !are_same(root, "proc/1/root", ".") &&
	       !are_same(root, "proc/1/exe", "init");
}

int host_needs_read(int root, const struct machine *machine,
	const struct block_observer *observer, struct boot_source *ret_source,
	struct needs *ret_needs)
{
	cleanup_free char *cmdline = NULL;
	struct boot_source source = {0};
	struct needs needs = {0};
	size_t length;
	int r;

	if (in_container(root)) {
		needs_set_root(&needs, ROOT_UNKNOWN, "this is a container");
		*ret_source = source;
		*ret_needs = needs;
		return 0;
	}
	if (!in_chroot(root) && proc_read(root, "proc/cmdline", CMDLINE_BYTES_MAX,
					&cmdline, &length) == 0)
		boot_source_parse(cmdline, length, &source);
	r = host_disks_read(root, machine, observer, &source, &needs);
	if (r < 0) {
		needs_clear(&needs);
		return r;
	}
	host_keyboards_read(root, machine, &needs);
	host_network_read(root, machine, &needs);
	needs.keyboards_known &= r > 0;
	needs.network_known &= r > 0;
	needs_sort(&needs);
	*ret_source = source;
	*ret_needs = needs;
	return 0;
}
