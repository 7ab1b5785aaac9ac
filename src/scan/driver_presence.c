/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver_presence.h"

#include "core/driver_name.h"
#include "sysfs_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_BYTES (DRIVER_NAME_MAX + 64)
#define PCI_PREFIX     "pci:"

/* A driver as it is called, "" for none. */
struct called {
	char name[DRIVER_NAME_MAX];
};

static int take_pci_driver(void *context, int dir, const char *name)
{
	struct called *called = context;

	(void)dir;
	if (strncmp(name, PCI_PREFIX, strlen(PCI_PREFIX)) != 0 ||
		strlen(name) - strlen(PCI_PREFIX) >= sizeof(called->name))
		return 0;
	snprintf(called->name, sizeof(called->name), "%s", name + strlen(PCI_PREFIX));
	return 1;
}

/*
 * A PCI driver of the module of this name. None where it is being loaded: its drivers may
 * be there in a moment.
 */
static void ask_module(int root, const char *name, struct called *called)
{
	char module[DRIVER_NAME_MAX], path[PATH_MAX_BYTES], state[SYSFS_TEXT_MAX];

	driver_name_module(name, module);
	snprintf(path, sizeof(path), "sys/module/%s/initstate", module);
	if (sysfs_read_text(root, path, state, sizeof(state)) >= 0 &&
		strcmp(state, "live") != 0)
		return;
	snprintf(path, sizeof(path), "sys/module/%s/drivers", module);
	(void)dir_for_each(root, path, take_pci_driver, called);
}

static bool is_registered(int root, const char *driver)
{
	char path[PATH_MAX_BYTES];

	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s", driver);
	return faccessat(root, path, F_OK, 0) == 0;
}

/* Returns whether it is missing. */
static bool look_for(int root, const char *driver, const struct module_lookup *modules,
	struct called *meant)
{
	const char *known;

	if (is_registered(root, driver))
		return false;
	if (!modules->has(modules->context, driver))
		return true;
	ask_module(root, driver, meant);
	known = driver_name_meant(driver);
	if (!meant->name[0] && known)
		snprintf(meant->name, sizeof(meant->name), "%s", known);
	/* Its module may have been at it. */
	if (is_registered(root, driver))
		meant->name[0] = '\0';
	return meant->name[0] != '\0';
}

/* An earlier function whose rule asks for the same driver, NULL for none. */
static const struct pci_function *asked_before(
	const struct selection *selection, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!selection->items[i].decided &&
			strcmp(selection->items[i].rule->driver,
				selection->items[index].rule->driver) == 0)
			return selection->items[i].function;
	return NULL;
}

void driver_presence_find(
	int root, const struct selection *selection, const struct module_lookup *modules)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		const struct pci_function *before = asked_before(selection, i);
		struct pci_function *function = wanted->function;
		struct called meant = {""};

		if (wanted->decided)
			continue;
		if (before) {
			function->driver_missing = before->driver_missing;
			memcpy(function->driver_meant, before->driver_meant,
				sizeof(function->driver_meant));
			continue;
		}
		function->driver_missing =
			look_for(root, wanted->rule->driver, modules, &meant);
		memcpy(function->driver_meant, meant.name,
			sizeof(function->driver_meant));
	}
}
