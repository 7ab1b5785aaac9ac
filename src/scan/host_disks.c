/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cleanup.h"
#include "core/quote.h"
#include "disks_carry.h"
#include "host_needs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX 1048576
#define LOADER_PARTITION                                                                 \
	"sys/firmware/efi/efivars/"                                                      \
	"LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define UUID_LENGTH 36

/* Follows a mount and says in words what it is of: "/", "swap". */
static void carry_mount(struct disks *disks, enum need_kind kind, const char *what,
	const struct mount *mount)
{
	const struct block_device *device =
		block_by_number(&disks->blocks, mount->major, mount->minor);
	struct device_spec spec;
	size_t at = 0;

	if (!device && device_spec_parse(mount->source, strlen(mount->source), &spec))
		device = block_next(&disks->blocks, &spec, &at);
	disks_begin(disks, kind);
	disks->naming = kind == NEED_ROOT && strcmp(what, "/") == 0;
	disks_name_device(disks, what, device, mount->source);
	disks_carry_mount(disks, mount);
}

/* A directory of another file system as the root: a container or a chroot on it, but
 * for OSTree, and btrfs, whose subvolumes look the same. */
static bool is_part_of_another(const struct mount *mount)
{
	static const char ostree[] = "/ostree/";

	if (strcmp(mount->type, "btrfs") == 0)
		return strstr(mount->root, "/var/lib/") != NULL;
	return mount->major != 0 && strcmp(mount->root, "/") != 0 &&
	       strncmp(mount->root, ostree, strlen(ostree)) != 0;
}

/* The file systems that the kernel makes for the initramfs. */
static bool is_initramfs(const struct mount *mount)
{
	return strcmp(mount->type, "rootfs") == 0 || strcmp(mount->type, "ramfs") == 0;
}

static bool find_point(const struct disks *disks, const char *point, struct mount *ret)
{
	return disks_find_mount(disks, point, ret) && strcmp(ret->point, point) == 0;
}

static void settle_root(struct disks *disks, const char *what)
{
	if (disks->network)
		needs_set_root(
			disks->needs, ROOT_NETWORK, "%s comes over the network", what);
	else if (disks->lost)
		needs_set_root(disks->needs, ROOT_UNKNOWN,
			"the disks below %s could not be followed", what);
}

/* btrfs and ZFS have numbers of their own, as what is on no disk at all has: autofs. */
static bool is_on_disks(const struct mount *mount)
{
	return mount->major != 0 || mount->source[0] == '/' ||
	       strcmp(mount->type, "zfs") == 0;
}

/* False in an initramfs, where nothing is the root yet. */
static bool read_root_mount(struct disks *disks)
{
	struct needs *needs = disks->needs;
	char type[64];
	struct mount mount;

	if (!find_point(disks, "/", &mount) || is_initramfs(&mount))
		return false;
	escape_controls(mount.type, type, sizeof(type));
	if (is_part_of_another(&mount)) {
		needs_set_root(needs, ROOT_UNKNOWN,
			"/ is a folder of another file system, as in a container");
		return true;
	}
	if (!is_on_disks(&mount) && strncmp(mount.type, "nfs", 3) != 0) {
		needs_set_root(needs, ROOT_UNKNOWN, "/ is of type %s", type);
		return true;
	}
	carry_mount(disks, NEED_ROOT, "/", &mount);
	settle_root(disks, "/");
	if (disks->network || disks->lost)
		return true;
	if (find_point(disks, "/usr", &mount)) {
		carry_mount(disks, NEED_ROOT, "/usr", &mount);
		settle_root(disks, "/usr");
		if (disks->network || disks->lost)
			return true;
	}
	needs_set_root(needs, ROOT_FOUND, "%s", "");
	return true;
}

/* Anything mounted on, or below, /boot and /efi. */
static void read_boot_mounts(struct disks *disks)
{
	struct span rest = {disks->mountinfo, disks->mountinfo_length};
	struct mount mount;

	while (mountinfo_next(&rest, &mount))
		if ((strcmp(mount.point, "/boot") == 0 ||
			    strncmp(mount.point, "/boot/", 6) == 0 ||
			    strcmp(mount.point, "/efi") == 0) &&
			is_on_disks(&mount))
			carry_mount(disks, NEED_DISK, mount.point, &mount);
}

static void read_swaps(struct disks *disks)
{
	cleanup_free char *text = NULL;
	char path[MOUNT_FIELD_MAX];
	struct device_spec spec;
	struct span rest = {0};
	struct mount mount;

	if (proc_read(disks->root, "proc/swaps", TEXT_BYTES_MAX, &text, &rest.length) < 0)
		return;
	rest.text = text;
	while (swaps_next(&rest, path)) {
		const struct block_device *device = NULL;
		size_t at = 0;

		if (device_spec_parse(path, strlen(path), &spec))
			device = block_next(&disks->blocks, &spec, &at);
		if (device) {
			disks_begin(disks, NEED_DISK);
			disks_name_device(disks, "swap", device, path);
			disks_carry_device(disks, device);
		} else if (disks_find_mount(disks, path, &mount)) {
			carry_mount(disks, NEED_DISK, "swap", &mount);
		}
	}
}

static void carry_spec(struct disks *disks, enum need_kind kind, const char *what,
	const struct device_spec *spec)
{
	size_t at = 0;
	const struct block_device *device = block_next(&disks->blocks, spec, &at);

	if (!device)
		return;
	disks_begin(disks, kind);
	disks_name_device(disks, what, device, spec->value);
	(void)disks_carry_spec(disks, spec);
}

/* Where the boot waits for a mount, or it is where the next kernel goes. */
static bool is_waited_for(const struct fstab_entry *entry)
{
	const char *options = entry->options;

	if (strcmp(entry->type, "swap") == 0 || strncmp(entry->point, "/boot", 5) == 0 ||
		strcmp(entry->point, "/efi") == 0 || strcmp(entry->point, "/usr") == 0)
		return true;
	return strcmp(entry->point, "/") != 0 && entry->point[0] == '/' &&
	       !option_find(options, "noauto", NULL) &&
	       !option_find(options, "nofail", NULL) &&
	       !option_find(options, "x-systemd.automount", NULL);
}

static void read_fstab(struct disks *disks)
{
	cleanup_free char *text = NULL;
	struct fstab_entry entry;
	struct device_spec spec;
	struct span rest = {0};

	if (file_read(disks->root, "etc/fstab", TEXT_BYTES_MAX, &text, &rest.length) < 0)
		return;
	rest.text = text;
	while (fstab_next(&rest, &entry)) {
		bool swap = strcmp(entry.type, "swap") == 0;

		if (!is_waited_for(&entry) ||
			!device_spec_parse(entry.spec, strlen(entry.spec), &spec))
			continue;
		carry_spec(disks,
			strcmp(entry.point, "/usr") == 0 ? NEED_ROOT : NEED_DISK,
			swap ? "swap" : entry.point, &spec);
	}
}

/* PATH:DEVICE or DEVICE; false for a plain path. */
static bool key_device(struct span file, struct device_spec *ret)
{
	const char *colon = memchr(file.text, ':', file.length);

	if (colon) {
		size_t before = (size_t)(colon - file.text) + 1;

		if (device_spec_parse(colon + 1, file.length - before, ret))
			return true;
	}
	return device_spec_parse(file.text, file.length, ret);
}

/* A key file or a LUKS header: in a file of this host, or on a disk. */
static void carry_key(struct disks *disks, const char *what, struct span file)
{
	char path[MOUNT_FIELD_MAX];
	struct device_spec spec;
	struct mount mount;

	if (key_device(file, &spec)) {
		carry_spec(disks, NEED_DISK, what, &spec);
		return;
	}
	if (file.length == 0 || file.text[0] != '/' || file.length >= sizeof(path))
		return;
	memcpy(path, file.text, file.length);
	path[file.length] = '\0';
	if (disks_find_mount(disks, path, &mount) && !is_initramfs(&mount))
		carry_mount(disks, NEED_DISK, what, &mount);
}

static void carry_crypt(struct disks *disks, const struct crypttab_entry *entry)
{
	char name[40], what[64];
	struct device_spec spec;
	struct span header;

	escape_controls(entry->name, name, sizeof(name));
	snprintf(what, sizeof(what), "the LUKS device of %s", name);
	if (device_spec_parse(entry->spec, strlen(entry->spec), &spec))
		carry_spec(disks, NEED_DISK, what, &spec);
	snprintf(what, sizeof(what), "the key of %s", name);
	carry_key(disks, what, (struct span){entry->key, strlen(entry->key)});
	snprintf(what, sizeof(what), "the LUKS header of %s", name);
	if (option_find(entry->options, "header=", &header))
		carry_key(disks, what, header);
}

/* On a running system what is needed has been passed on the way down. An image holds
 * only the entries that its host needs. */
static void read_crypttab(struct disks *disks, const char *path)
{
	cleanup_free char *text = NULL;
	bool running = disks->needs->root == ROOT_FOUND;
	struct crypttab_entry entry;
	struct span rest = {0};

	if (file_read(disks->root, path, TEXT_BYTES_MAX, &text, &rest.length) < 0)
		return;
	rest.text = text;
	while (crypttab_next(&rest, &entry))
		if (!running || disks_is_mapped(disks, entry.name))
			carry_crypt(disks, &entry);
}

/* The EFI system partition that systemd-boot or another loader of the boot loader
 * interface was started from: four bytes of attributes, then UTF-16. */
static void read_loader_partition(struct disks *disks)
{
	struct device_spec spec = {.kind = SPEC_PARTUUID};
	char bytes[4 + 2 * UUID_LENGTH + 8];
	int length = sysfs_read_text(disks->root, LOADER_PARTITION, bytes, sizeof(bytes));

	if (length < 4 + 2 * UUID_LENGTH)
		return;
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		spec.value[i] = bytes[4 + 2 * i];
		if (bytes[5 + 2 * i] || spec.value[i] <= ' ' || spec.value[i] > '~')
			return;
	}
	carry_spec(disks, NEED_DISK, "the EFI system partition", &spec);
}

/* Whether all devices of a btrfs are there; any other file system is on one. */
static bool is_whole(const struct disks *disks, const struct device_spec *spec)
{
	uint64_t wanted = 1, there = 0;
	const struct block_device *device;
	size_t at = 0;

	while ((device = block_next(&disks->blocks, spec, &at))) {
		there++;
		if (strcmp(device->type, "btrfs") != 0)
			continue;
		wanted = block_btrfs_devices(disks->root, device);
		if (wanted == 0)
			return false;
	}
	return there >= wanted;
}

static void read_boot_item(
	struct disks *disks, const struct boot_item *item, bool decides)
{
	bool root = item->use == BOOT_ROOT || item->use == BOOT_USR;
	size_t at = 0;
	const struct block_device *device = block_next(&disks->blocks, &item->spec, &at);

	if (!device)
		return;
	disks_begin(disks, root ? NEED_ROOT : NEED_DISK);
	disks_name_device(disks, boot_use_words(item->use), device, item->spec.value);
	(void)disks_carry_spec(disks, &item->spec);
	if (!decides)
		return;
	/* How many disks a ZFS pool has is not written on one of them. */
	if (item->use == BOOT_ROOT && item->spec.kind != SPEC_POOL && !disks->lost &&
		!disks->network && is_whole(disks, &item->spec))
		needs_set_root(disks->needs, ROOT_FOUND, "%s", "");
	if (item->use == BOOT_ROOT)
		settle_root(disks, "/");
}

/* Where a root is mounted, what is mounted decides whether it is known: the command line
 * may be that of another system, around a container. */
static void read_boot_source(
	struct disks *disks, const struct boot_source *source, bool decides)
{
	for (unsigned i = 0; i < source->count; i++)
		read_boot_item(disks, &source->items[i], decides);
	if (!decides)
		return;
	if (source->network)
		needs_set_root(disks->needs, ROOT_NETWORK, "/ comes over the network");
	else if (source->has_root)
		needs_set_root(disks->needs, ROOT_UNSEEN, "root=%.80s is not there yet",
			source->root_text);
}

int host_disks_read(int root, const struct machine *machine,
	const struct block_observer *observer, const struct boot_source *source,
	struct needs *needs)
{
	struct disks disks = {.root = root, .machine = machine, .needs = needs};
	cleanup_free char *mountinfo = NULL;
	int r = block_list_read(root, observer, &disks.blocks);
	bool running = false;

	if (r == -ENOMEM)
		return r;
	r = proc_read(root, "proc/self/mountinfo", TEXT_BYTES_MAX, &mountinfo,
		&disks.mountinfo_length);
	if (r == -ENOMEM) {
		block_list_clear(&disks.blocks);
		return r;
	}
	disks.mountinfo = mountinfo;
	if (r < 0)
		disks.mountinfo_length = 0;
	else
		running = read_root_mount(&disks);
	read_boot_mounts(&disks);
	read_swaps(&disks);
	read_boot_source(&disks, source, !running);
	read_fstab(&disks);
	read_crypttab(&disks, "etc/crypttab");
	read_crypttab(&disks, "cryptroot/crypttab");
	read_loader_partition(&disks);
	if (disks.blocks.incomplete && needs->root == ROOT_FOUND) {
		needs->root = ROOT_UNKNOWN;
		needs->root_words[0] = '\0';
		needs_set_root(needs, ROOT_UNKNOWN,
			"a block device did not answer, or there are too many");
	}
	block_list_clear(&disks.blocks);
	return running;
}
