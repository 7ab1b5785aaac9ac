/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block_walk.h"

#include "core/pci_address.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_DIR     "sys/class/block"
#define SUBSYSTEM_DIR "sys/class/nvme-subsystem"
#define DEPTH_MAX     24
/* Over all branches: layers can be crossed so that every step doubles them. */
#define STEPS_MAX 4096

struct walk {
	const struct block_list *list;
	const struct block_walker *walker;
	unsigned depth;
	unsigned steps;
	unsigned found; /* slaves or controllers of the device looked at */
};

static void step_down(struct walk *walk, const struct block_device *device);

static bool has_pci_part(const char *link)
{
	while (link) {
		struct pci_address address;
		size_t length = strcspn(link, "/");

		if (pci_address_parse(link, length, &address) == 0)
			return true;
		link = link[length] ? link + length + 1 : NULL;
	}
	return false;
}

static enum block_ground ground_of(const char *link)
{
	static const char *const network[] = {
		"/nvme-fabrics/", "/virtual/block/nbd", "/devices/rbd/", "/session"};

	if (has_pci_part(link))
		return GROUND_PCI;
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if (strstr(link, network[i]))
			return GROUND_NETWORK;
	return strstr(link, "/virtual/") ? GROUND_NOTHING : GROUND_HARDWARE;
}

static int visit_controller(void *context, int dir, const char *name)
{
	struct walk *walk = context;
	char link[SYSFS_TEXT_MAX];

	/* Links to controllers, among directories of namespaces and "subsystem". */
	if (strncmp(name, "nvme", 4) != 0 ||
		sysfs_read_link(dir, name, link, sizeof(link)) <= 0)
		return 0;
	walk->found++;
	walk->walker->ground(walk->walker->context, ground_of(link), link);
	return 0;
}

static bool walk_subsystem(struct walk *walk, const struct block_device *device)
{
	static const char part[] = "/nvme-subsystem/";
	const char *at = strstr(device->link, part);
	char path[SYSFS_TEXT_MAX];

	if (!at)
		return false;
	at += strlen(part);
	snprintf(path, sizeof(path), SUBSYSTEM_DIR "/%.*s", (int)strcspn(at, "/"), at);
	walk->found = 0;
	(void)dir_for_each(walk->list->root, path, visit_controller, walk);
	return walk->found > 0;
}

static int visit_slave(void *context, int dir, const char *name)
{
	struct walk *walk = context;
	const struct block_device *device = block_by_name(walk->list, name);

	(void)dir;
	if (device)
		step_down(walk, device);
	else
		walk->walker->ground(walk->walker->context, GROUND_NOTHING, name);
	walk->found++;
	return 0;
}

static bool walk_slaves(struct walk *walk, const char *name)
{
	char path[SYSFS_TEXT_MAX];

	walk->found = 0;
	snprintf(path, sizeof(path), BLOCK_DIR "/%s/slaves", name);
	(void)dir_for_each(walk->list->root, path, visit_slave, walk);
	return walk->found > 0;
}

static bool walk_file(struct walk *walk, const char *name)
{
	char path[SYSFS_TEXT_MAX], file[SYSFS_TEXT_MAX];

	snprintf(path, sizeof(path), BLOCK_DIR "/%s/loop/backing_file", name);
	if (sysfs_read_text(walk->list->root, path, file, sizeof(file)) <= 0)
		return false;
	walk->walker->file(walk->walker->context, file);
	return true;
}

/* The name of the whole disk where this is a partition, else its own. */
static void disk_name(
	const struct block_list *list, const struct block_device *device, char *out)
{
	char path[SYSFS_TEXT_MAX];
	const char *end = strrchr(device->link, '/'), *begin = end;

	snprintf(out, BLOCK_NAME_MAX, "%s", device->name);
	snprintf(path, sizeof(path), BLOCK_DIR "/%s/partition", device->name);
	if (!end || faccessat(list->root, path, F_OK, 0) < 0)
		return;
	while (begin > device->link && begin[-1] != '/')
		begin--;
	if (end > begin && (size_t)(end - begin) < BLOCK_NAME_MAX) {
		memcpy(out, begin, (size_t)(end - begin));
		out[end - begin] = '\0';
	}
}

static void step_down(struct walk *walk, const struct block_device *device)
{
	const struct block_walker *walker = walk->walker;
	char disk[BLOCK_NAME_MAX];

	if (walk->depth == DEPTH_MAX || ++walk->steps > STEPS_MAX) {
		walker->ground(walker->context, GROUND_NOTHING, device->link);
		return;
	}
	walk->depth++;
	walker->device(walker->context, device);
	disk_name(walk->list, device, disk);
	if (!walk_subsystem(walk, device) && !walk_slaves(walk, disk) &&
		!walk_file(walk, disk))
		walker->ground(walker->context, ground_of(device->link), device->link);
	walk->depth--;
}

void block_walk(const struct block_list *list, const struct block_device *device,
	const struct block_walker *walker)
{
	struct walk walk = {.list = list, .walker = walker};

	step_down(&walk, device);
}
