/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disks_carry.h"

#include "block_walk.h"
#include "core/quote.h"
#include "host_needs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_DEPTH_MAX 4

static void add_mapped(struct disks *disks, const char *name)
{
	if (disks->mapped_count < DISKS_MAPPED_MAX)
		snprintf(disks->mapped[disks->mapped_count++], DEVICE_SPEC_MAX, "%s",
			name);
}

bool disks_is_mapped(const struct disks *disks, const char *name)
{
	for (unsigned i = 0; i < disks->mapped_count; i++)
		if (strcmp(disks->mapped[i], name) == 0)
			return true;
	return false;
}

static void see_device(void *context, const struct block_device *device)
{
	struct disks *disks = context;
	static const char mapper[] = "mapper/";

	if (disks->naming && !disks->named) {
		needs_add_root_name(disks->needs, SPEC_UUID, device->uuid);
		needs_add_root_name(disks->needs, SPEC_LABEL, device->label);
		needs_add_root_name(disks->needs, SPEC_PARTUUID, device->partuuid);
		needs_add_root_name(disks->needs, SPEC_PARTLABEL, device->partlabel);
		needs_add_root_name(disks->needs, SPEC_NODE, device->node);
	}
	disks->named = true;
	if (strncmp(device->node, mapper, strlen(mapper)) == 0)
		add_mapped(disks, device->node + strlen(mapper));
}

static void see_ground(void *context, enum block_ground ground, const char *link)
{
	struct disks *disks = context;

	switch (ground) {
	case GROUND_PCI:
		if (!host_link_needs(disks->machine, link, disks->kind, disks->words,
			    disks->needs))
			disks->lost = true;
		break;
	case GROUND_NETWORK:
		disks->network = true;
		break;
	case GROUND_HARDWARE:
		needs_add(disks->needs, disks->kind, NULL, "%s", disks->words);
		break;
	case GROUND_NOTHING:
		disks->lost = true;
		break;
	}
}

static void see_file(void *context, const char *path)
{
	struct disks *disks = context;

	/* A loop device on a file of a file system on a loop device, and so on. */
	if (disks->file_depth == FILE_DEPTH_MAX) {
		disks->lost = true;
		return;
	}
	disks->file_depth++;
	disks_carry_path(disks, path);
	disks->file_depth--;
}

void disks_carry_device(struct disks *disks, const struct block_device *device)
{
	const struct block_walker walker = {.context = disks,
		.device = see_device,
		.ground = see_ground,
		.file = see_file};

	block_walk(&disks->blocks, device, &walker);
}

unsigned disks_carry_spec(struct disks *disks, const struct device_spec *spec)
{
	const struct block_device *device;
	unsigned found = 0;
	size_t at = 0;

	while ((device = block_next(&disks->blocks, spec, &at))) {
		disks->named = false;
		disks_carry_device(disks, device);
		found++;
	}
	return found;
}

/* /sys/fs/btrfs/UUID/devices/NAME links to every device of a mounted btrfs. */
struct btrfs {
	struct disks *disks;
	const char *name;
	char found[BLOCK_NAME_MAX]; /* the UUID */
};

static int visit_btrfs(void *context, int dir, const char *name)
{
	struct btrfs *btrfs = context;
	char path[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/devices/%s", name, btrfs->name);
	if (strlen(name) >= sizeof(btrfs->found) ||
		faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	memcpy(btrfs->found, name, strlen(name) + 1);
	return 1;
}

static int visit_member(void *context, int dir, const char *name)
{
	struct disks *disks = context;
	const struct block_device *device = block_by_name(&disks->blocks, name);

	(void)dir;
	disks->named = false;
	if (device)
		disks_carry_device(disks, device);
	else
		disks->lost = true;
	return 0;
}

static void carry_btrfs(struct disks *disks, const char *source)
{
	struct device_spec spec;
	const struct block_device *device = NULL;
	struct btrfs btrfs = {.disks = disks};
	char path[SYSFS_TEXT_MAX];
	size_t at = 0;

	if (device_spec_parse(source, strlen(source), &spec))
		device = block_next(&disks->blocks, &spec, &at);
	if (device)
		btrfs.name = device->name;
	if (!device ||
		dir_for_each(disks->root, "sys/fs/btrfs", visit_btrfs, &btrfs) <= 0) {
		disks->lost = true;
		return;
	}
	snprintf(path, sizeof(path), "sys/fs/btrfs/%s/devices", btrfs.found);
	if (dir_for_each(disks->root, path, visit_member, disks) < 0)
		disks->lost = true;
}

static void carry_pool(struct disks *disks, const char *source)
{
	struct device_spec spec = {.kind = SPEC_POOL};

	snprintf(spec.value, sizeof(spec.value), "%.*s", (int)strcspn(source, "/"),
		source);
	if (spec.value[0] == '*' || disks_carry_spec(disks, &spec) == 0)
		disks->lost = true;
	if (disks->naming)
		needs_add_root_name(disks->needs, SPEC_POOL, spec.value);
}

static bool is_network_type(const char *type)
{
	static const char *const types[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "afs",
		"lustre", "fuse.glusterfs", "fuse.sshfs"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* A file system with a number of its own names its devices in its source: one, or with
 * bcachefs all of them, divided by ':'. */
static void carry_source(struct disks *disks, const char *source)
{
	struct span rest = {source, strlen(source)}, part;
	struct device_spec spec;

	while (span_next(&rest, ':', &part))
		if (!device_spec_parse(part.text, part.length, &spec) ||
			disks_carry_spec(disks, &spec) == 0)
			disks->lost = true;
}

void disks_carry_mount(struct disks *disks, const struct mount *mount)
{
	const struct block_device *device;

	disks->named = false;
	if (is_network_type(mount->type)) {
		disks->network = true;
	} else if (strcmp(mount->type, "btrfs") == 0) {
		carry_btrfs(disks, mount->source);
	} else if (strcmp(mount->type, "zfs") == 0) {
		carry_pool(disks, mount->source);
	} else if (mount->major == 0) {
		if (mount->source[0] == '/')
			carry_source(disks, mount->source);
		else
			disks->lost = true;
	} else {
		device = block_by_number(&disks->blocks, mount->major, mount->minor);
		if (device)
			disks_carry_device(disks, device);
		else
			disks->lost = true;
	}
}

/* The mount that PATH lies in: the longest point, and of equals the last, which hides
 * the ones before. */
bool disks_find_mount(const struct disks *disks, const char *path, struct mount *ret)
{
	struct span rest = {disks->mountinfo, disks->mountinfo_length};
	struct mount mount;
	size_t best = 0;
	bool found = false;

	while (mountinfo_next(&rest, &mount)) {
		size_t length = strlen(mount.point);

		if (strcmp(mount.point, "/") == 0)
			length = 0;
		if (strncmp(path, mount.point, length) != 0 ||
			(path[length] != '/' && path[length] != '\0'))
			continue;
		if (found && length < best)
			continue;
		best = length;
		found = true;
		*ret = mount;
	}
	return found;
}

void disks_carry_path(struct disks *disks, const char *path)
{
	struct mount mount;

	if (disks_find_mount(disks, path, &mount))
		disks_carry_mount(disks, &mount);
	else
		disks->lost = true;
}

/* A name in words: printable, whatever is on the disk. */
void disks_name_device(struct disks *disks, const char *what,
	const struct block_device *device, const char *fallback)
{
	char name[DEVICE_SPEC_MAX];
	bool has_uuid = device && device->uuid[0];

	if (has_uuid)
		escape_controls(device->uuid, name, sizeof(name));
	else
		escape_controls(fallback, name, sizeof(name));
	snprintf(disks->words, sizeof(disks->words), "carries %.48s (%s%.64s)", what,
		has_uuid ? "UUID=" : "", name);
}

void disks_begin(struct disks *disks, enum need_kind kind)
{
	disks->kind = kind;
	disks->naming = false;
	disks->lost = false;
	disks->network = false;
	disks->named = false;
}
