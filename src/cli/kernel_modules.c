/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel_modules.h"

#include "complain.h"
#include "interrupt.h"
#include "kernels.h"
#include "scan/cleanup.h"
#include "staging.h"

#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct copying {
	const char *from;
	const char *to;
	struct module_names seen;
	unsigned copied;
};

int module_names_add(struct module_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return 0;
	if (names->count == MODULE_NAMES_MAX)
		return -E2BIG;
	names->names[names->count] = strdup(name);
	if (!names->names[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

void module_names_clear(struct module_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	names->count = 0;
}

static int copy_to(const char *from, const char *to_folder, const char *relative)
{
	cleanup_free char *to = NULL;
	char *slash;
	int r;

	if (asprintf(&to, "%s/%s", to_folder, relative) < 0) {
		to = NULL;
		return -ENOMEM;
	}
	slash = strrchr(to, '/');
	*slash = '\0';
	r = make_folders(to);
	*slash = '/';
	if (r == 0)
		r = copy_file(from, to, 0644);
	if (r < 0)
		complain("%s could not be copied to %s: %s", from, to, strerror(-r));
	return r;
}

/* The file of one module; one that is built into the kernel has none. */
static int copy_one(struct copying *copying, struct kmod_module *module)
{
	const char *path = kmod_module_get_path(module);
	size_t length = strlen(copying->from);
	int r;

	if (!path)
		return 0;
	/* What lies elsewhere (modules.dep may say so) goes where depmod looks too. */
	if (strncmp(path, copying->from, length) == 0 && path[length] == '/')
		r = copy_to(path, copying->to, path + length + 1);
	else
		r = copy_to(path, copying->to, strrchr(path, '/') + 1);
	if (r == 0)
		copying->copied++;
	return r;
}

static int copy_with_needs(struct copying *copying, struct kmod_module *module);

/* Takes the list. */
static int copy_list(struct copying *copying, struct kmod_list *list)
{
	struct kmod_list *item;
	int r = 0;

	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		if (r == 0)
			r = copy_with_needs(copying, module);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return r;
}

static int copy_with_needs(struct copying *copying, struct kmod_module *module)
{
	struct kmod_list *before = NULL, *after = NULL;
	size_t known = copying->seen.count;
	int r = module_names_add(&copying->seen, kmod_module_get_name(module));

	if (r < 0 || copying->seen.count == known)
		return r;
	if (interrupted())
		return -EINTR;
	r = copy_one(copying, module);
	if (r == 0)
		r = copy_list(copying, kmod_module_get_dependencies(module));
	if (r == 0 && kmod_module_get_softdeps(module, &before, &after) == 0) {
		r = copy_list(copying, before);
		if (r == 0)
			r = copy_list(copying, after);
		else
			kmod_module_unref_list(after);
	}
	return r;
}

static int copy_named(struct copying *copying, struct kmod_ctx *library, const char *name)
{
	struct kmod_list *list = NULL;
	int r = kmod_module_new_from_lookup(library, name, &list);

	if (r < 0 || !list) {
		warn_user("%s has no module %s; the archive goes without it",
			copying->from, name);
		return 0;
	}
	return copy_list(copying, list);
}

/* Where a kernel's package lacks one of these, depmod says what it misses. */
static int copy_lists(struct copying *copying)
{
	static const char *const lists[] = {
		"modules.builtin", "modules.builtin.modinfo", "modules.order"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/%s", copying->from, lists[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (access(path, F_OK) == 0)
			r = copy_to(path, copying->to, lists[i]);
	}
	return r;
}

static void log_nothing(void *data, int priority, const char *file, int line,
	const char *function, const char *format, va_list arguments)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)function;
	(void)format;
	(void)arguments;
}

int kernel_modules_copy(
	const char *from, const char *to, const struct module_names *names)
{
	struct copying copying = {.from = from, .to = to};
	struct kmod_ctx *library = kmod_new(from, NULL);
	int r;

	if (!library) {
		complain("out of memory");
		return -ENOMEM;
	}
	kmod_set_log_fn(library, log_nothing, NULL);
	r = copy_lists(&copying);
	for (size_t i = 0; r == 0 && i < names->count; i++)
		r = copy_named(&copying, library, names->names[i]);
	kmod_unref(library);
	module_names_clear(&copying.seen);
	return r < 0 ? r : (int)copying.copied;
}

/* The folder of a version, as a path that libkmod can open. */
static char *folder_below(int root, const char *version)
{
	static const char *const folders[] = {KERNELS_FOLDER, "usr/" KERNELS_FOLDER};
	char *path;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (asprintf(&path, "/proc/self/fd/%d/%s/%s", root, folders[i], version) <
			0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* Looks NAME up in a kernel's modules; what modprobe.d says of it is no matter of that.
 */
static bool look_up(int root, const char *version, const char *name, bool *ret_built_in)
{
	static const char *const no_config[] = {NULL};
	cleanup_free char *folder = folder_below(root, version);
	struct kmod_ctx *library = folder ? kmod_new(folder, no_config) : NULL;
	struct kmod_list *list = NULL;
	bool found;

	*ret_built_in = false;
	if (!library)
		return false;
	kmod_set_log_fn(library, log_nothing, NULL);
	found = kmod_module_new_from_lookup(library, name, &list) == 0 && list;
	if (found) {
		struct kmod_module *module = kmod_module_get_module(list);

		*ret_built_in = kmod_module_get_path(module) == NULL;
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	kmod_unref(library);
	return found;
}

bool kernel_has_module(int root, const char *version, const char *name)
{
	bool built_in;

	return look_up(root, version, name, &built_in);
}

bool kernel_has_built_in(int root, const char *version, const char *name)
{
	bool built_in;

	return look_up(root, version, name, &built_in) && built_in;
}
