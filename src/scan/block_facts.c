/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block_facts.h"

#include "cleanup.h"
#include "core/cmdline.h"
#include "core/quote.h"
#include "sysfs_read.h"

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_DIR      "sys/class/block"
#define SUBSYSTEM_DIR  "sys/class/nvme-subsystem"
#define BTRFS_DIR      "sys/fs/btrfs"
#define PROC_BYTES_MAX 1048576
#define NAME_BYTES     64
#define TAG_VALUE_MAX  128

/* What the command line says about the root file system. */
struct root_tag {
	char text[TAG_VALUE_MAX]; /* as written, "" if there is no root= */
	const char *name;         /* "UUID", ...; NULL: a device node or something else */
	const char *value;
};

struct block_search {
	int root;
	const struct pci_function *function;
	char *mountinfo;
	char *swaps;
	struct root_tag tag;
	bool root_elsewhere;
	bool here; /* the device being looked at is behind the function */
	enum use use;
	char *words;
	size_t size;
};

bool sysfs_link_is_below(const char *link, const struct pci_address *address)
{
	char text[PCI_ADDRESS_TEXT_MAX], part[PCI_ADDRESS_TEXT_MAX + 2];

	pci_address_format(address, text);
	snprintf(part, sizeof(part), "/%s/", text);
	return strstr(link, part) != NULL;
}

static int visit_controller(void *context, int dir, const char *name)
{
	struct block_search *search = context;
	char link[SYSFS_TEXT_MAX];

	if (sysfs_read_link(dir, name, link, sizeof(link)) > 0 &&
		sysfs_link_is_below(link, &search->function->address))
		search->here = true;
	return 0;
}

/*
 * Whether a block device hangs on the function. With NVMe multipath the device itself is
 * below a virtual nvme-subsystem, whose directory links to its controllers
 * (drivers/nvme/host/multipath.c).
 */
static bool is_here(struct block_search *search, const char *link)
{
	static const char virtual_part[] = "/nvme-subsystem/";
	const char *subsystem = strstr(link, virtual_part);
	char path[SYSFS_TEXT_MAX];

	search->here = sysfs_link_is_below(link, &search->function->address);
	if (search->here || !subsystem)
		return search->here;
	subsystem += strlen(virtual_part);
	snprintf(path, sizeof(path), SUBSYSTEM_DIR "/%.*s", (int)strcspn(subsystem, "/"),
		subsystem);
	(void)dir_for_each(search->root, path, visit_controller, search);
	return search->here;
}

static int found(
	struct block_search *search, enum use use, const char *name, const char *what)
{
	search->use = use;
	snprintf(search->words, search->size, "%.32s %s", name, what);
	return 1;
}

static bool is_mounted(const struct block_search *search, int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX], number[NAME_BYTES], field[NAME_BYTES + 2];

	snprintf(path, sizeof(path), "%s/dev", name);
	if (sysfs_read_text(dir, path, number, sizeof(number)) <= 0)
		return true;
	snprintf(field, sizeof(field), " %s ", number);
	return search->mountinfo && strstr(search->mountinfo, field);
}

static bool is_swap(const struct block_search *search, const char *name)
{
	char line[NAME_BYTES + 16];

	snprintf(line, sizeof(line), "/dev/%.63s ", name);
	return search->swaps && strstr(search->swaps, line);
}

static int any_entry(void *context, int dir, const char *name)
{
	(void)context;
	(void)dir;
	(void)name;
	return 1;
}

static bool is_held(int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/holders", name);
	return dir_for_each(dir, path, any_entry, NULL) > 0;
}

static bool is_on_hardware(const char *link)
{
	return strstr(link, "/pci") || strstr(link, "/nvme-subsystem/");
}

static int visit_btrfs(void *context, int dir, const char *name)
{
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/devices/%s", name, (const char *)context);
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A btrfs that is mounted: mountinfo has a number of its own for it, not the device's. */
static bool in_btrfs(const struct block_search *search, const char *name)
{
	char device[NAME_BYTES];

	snprintf(device, sizeof(device), "%s", name);
	return dir_for_each(search->root, BTRFS_DIR, visit_btrfs, device) > 0;
}

/* Whoever uses a block device claims it: file systems, ZFS, md, dm (blkdev_get_by_dev()
 * with FMODE_EXCL). */
static bool is_claimed(const struct block_search *search, const char *name)
{
	char path[NAME_BYTES + 8];
	int fd;

	snprintf(path, sizeof(path), "dev/%.63s", name);
	fd = openat(search->root, path,
		O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

static bool value_equals(blkid_probe probe, const char *key, const char *wanted)
{
	const char *value;

	return blkid_probe_lookup_value(probe, key, &value, NULL) == 0 &&
	       strcmp(value, wanted) == 0;
}

/* Whether root= names what is on this device, from its superblock or partition entry. */
static bool carries_tag(const struct root_tag *tag, blkid_probe probe)
{
	if (strcmp(tag->name, "PARTUUID") == 0)
		return value_equals(probe, "PART_ENTRY_UUID", tag->value);
	if (strcmp(tag->name, "PARTLABEL") == 0)
		return value_equals(probe, "PART_ENTRY_NAME", tag->value);
	return value_equals(probe, tag->name, tag->value);
}

static blkid_probe probe_device(const char *name)
{
	char path[NAME_BYTES + 8];
	blkid_probe probe;

	snprintf(path, sizeof(path), "/dev/%.63s", name);
	probe = blkid_new_probe_from_filename(path);
	if (!probe)
		return NULL;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(
		probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	if (blkid_do_safeprobe(probe) < 0) {
		blkid_free_probe(probe);
		return NULL;
	}
	return probe;
}

static bool carries_root(const struct block_search *search, const char *name)
{
	static const char dev[] = "/dev/";
	const struct root_tag *tag = &search->tag;
	blkid_probe probe;
	bool carries;

	if (!tag->name)
		return strncmp(tag->text, dev, strlen(dev)) == 0 &&
		       strcmp(tag->text + strlen(dev), name) == 0;
	probe = probe_device(name);
	if (!probe)
		return false;
	carries = carries_tag(tag, probe);
	blkid_free_probe(probe);
	return carries;
}

static int visit_block(void *context, int dir, const char *name)
{
	struct block_search *search = context;
	char link[SYSFS_TEXT_MAX];

	if (sysfs_read_link(dir, name, link, sizeof(link)) < 0)
		return found(search, USE_UNKNOWN, name, "could not be looked at");
	if (!is_here(search, link)) {
		/* A RAM disk or a loop device says nothing about controllers. */
		if (is_on_hardware(link) && search->tag.text[0] &&
			!search->root_elsewhere)
			search->root_elsewhere = carries_root(search, name);
		return 0;
	}
	if (is_mounted(search, dir, name))
		return found(search, USE_BUSY, name, "is mounted");
	if (is_swap(search, name))
		return found(search, USE_BUSY, name, "is in use as swap");
	if (is_held(dir, name))
		return found(search, USE_BUSY, name, "is in use by another block device");
	if (in_btrfs(search, name) || is_claimed(search, name))
		return found(search, USE_BUSY, name, "is in use");
	if (search->tag.text[0] && carries_root(search, name))
		return found(search, USE_BUSY, name, "is the root file system (root=)");
	return 0;
}

static void read_root_tag(struct block_search *search)
{
	static const char *const names[] = {"UUID", "LABEL", "PARTUUID", "PARTLABEL"};
	cleanup_free char *bytes = NULL;
	struct root_tag *tag = &search->tag;
	const char *value;
	size_t length;

	if (proc_read(search->root, "proc/cmdline", CMDLINE_BYTES_MAX, &bytes, &length) <
		0)
		return;
	value = cmdline_value(bytes, length, "root", &length);
	if (!value || length >= sizeof(tag->text))
		return;
	memcpy(tag->text, value, length);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t name = strlen(names[i]);

		if (strncmp(tag->text, names[i], name) != 0 || tag->text[name] != '=')
			continue;
		tag->name = names[i];
		tag->value = tag->text + name + 1;
	}
}

static enum use storage_without_findings(const struct block_search *search)
{
	char quoted[TAG_VALUE_MAX];

	if (PCI_CLASS_BASE(search->function->class_code) != PCI_BASE_STORAGE ||
		search->root_elsewhere)
		return USE_IDLE;
	quote_text(search->tag.text, strlen(search->tag.text), quoted, sizeof(quoted));
	snprintf(search->words, search->size,
		search->tag.text[0]
			? "root=%.80s was not found on another controller"
			: "without root= it is not known what the host boots from%s",
		quoted);
	return USE_UNKNOWN;
}

enum use block_facts_use(
	int root, const struct pci_function *function, char *words, size_t size)
{
	cleanup_free char *mountinfo = NULL, *swaps = NULL;
	struct block_search search = {.root = root,
		.function = function,
		.use = USE_IDLE,
		.words = words,
		.size = size};
	size_t length;
	int r;

	if (proc_read(root, "proc/self/mountinfo", PROC_BYTES_MAX, &mountinfo, &length) <
		0) {
		snprintf(words, size, "what is mounted could not be read");
		return USE_UNKNOWN;
	}
	(void)proc_read(root, "proc/swaps", PROC_BYTES_MAX, &swaps, &length);
	search.mountinfo = mountinfo;
	search.swaps = swaps;
	read_root_tag(&search);
	r = dir_for_each(root, BLOCK_DIR, visit_block, &search);
	if (r < 0 && r != -ENOENT) {
		snprintf(words, size, "the block devices could not be listed");
		return USE_UNKNOWN;
	}
	return r > 0 ? search.use : storage_without_findings(&search);
}
