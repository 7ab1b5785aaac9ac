/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vfio_use.h"

#include "core/quote.h"
#include "sysfs_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEV_VFIO   "/dev/vfio/"
#define NAME_BYTES 32
#define PATH_BYTES 96

struct search {
	int root;
	char group[NAME_BYTES + sizeof(DEV_VFIO)];
	char device[NAME_BYTES + sizeof(DEV_VFIO) + 8]; /* "" for none */
	const char *process;
	char *out;
};

/* The function's vfio-dev has one entry, vfioN. */
static int visit_device(void *context, int dir, const char *name)
{
	struct search *search = context;

	(void)dir;
	if (strlen(name) < NAME_BYTES)
		snprintf(search->device, sizeof(search->device), DEV_VFIO "devices/%.31s",
			name);
	return 0;
}

static int report(const struct search *search, const char *node)
{
	char path[PATH_BYTES], name[NAME_BYTES] = "", quoted[3 * NAME_BYTES];

	snprintf(path, sizeof(path), "proc/%.16s/comm", search->process);
	if (sysfs_read_text(search->root, path, name, sizeof(name)) < 0)
		snprintf(name, sizeof(name), "?");
	quote_text(name, strlen(name), quoted, sizeof(quoted));
	snprintf(search->out, VFIO_USE_TEXT_MAX, "process %.16s (%s) has %.48s open",
		search->process, quoted, node);
	return 1;
}

static int visit_descriptor(void *context, int dir, const char *name)
{
	const struct search *search = context;
	char link[SYSFS_TEXT_MAX];
	int r = sysfs_read_link(dir, name, link, sizeof(link));

	if (r < 0)
		return r == -ENOENT || r == -ESRCH || r == -EFBIG ? 0 : r;
	if (search->group[0] && strcmp(link, search->group) == 0)
		return report(search, search->group);
	if (search->device[0] && strcmp(link, search->device) == 0)
		return report(search, search->device);
	return 0;
}

static int visit_process(void *context, int dir, const char *name)
{
	struct search *search = context;
	char path[PATH_BYTES];
	int r;

	if (name[0] < '0' || name[0] > '9')
		return 0;
	search->process = name;
	snprintf(path, sizeof(path), "%.32s/fd", name);
	r = dir_for_each(dir, path, visit_descriptor, search);
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

int vfio_use_find(
	int root, const struct pci_function *function, char out[VFIO_USE_TEXT_MAX])
{
	struct search search = {.root = root, .out = out};
	char name[PCI_ADDRESS_TEXT_MAX], path[PATH_BYTES];
	int r;

	if (function->group != MACHINE_GROUP_NONE)
		snprintf(search.group, sizeof(search.group), DEV_VFIO "%d",
			function->group);
	pci_address_format(&function->address, name);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vfio-dev", name);
	r = dir_for_each(root, path, visit_device, &search);
	if (r < 0 && r != -ENOENT)
		return r;
	return dir_for_each(root, "proc", visit_process, &search);
}
