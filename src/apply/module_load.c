/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module_load.h"

#include "core/cmdline.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PATH_MAX_BYTES 256
#define NOTE_MAX       320

/* Given explicitly: libkmod's own list depends on the prefix it was built for. */
static const char *const config_dirs[] = {"/etc/modprobe.d", "/run/modprobe.d",
	"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d", NULL};

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

static struct kmod_ctx *open_library(void)
{
	static const char *const parents[] = {"/lib/modules", "/usr/lib/modules"};
	struct utsname name;
	struct kmod_ctx *library = NULL;

	if (uname(&name) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		char path[PATH_MAX_BYTES];

		snprintf(path, sizeof(path), "%s/%s", parents[i], name.release);
		if (access(path, F_OK) < 0)
			continue;
		library = kmod_new(path, config_dirs);
		break;
	}
	if (!library)
		library = kmod_new(NULL, config_dirs);
	if (!library)
		return NULL;
	kmod_set_log_fn(library, log_nothing, NULL);
	/* Maps the indices once; without it every lookup opens and reads them anew. What
	 * is missing is looked up the slow way. */
	(void)kmod_load_resources(library);
	return library;
}

static struct kmod_ctx *library_of(struct module_loader *loader)
{
	if (!loader->library)
		loader->library = open_library();
	return loader->library;
}

void module_loader_close(struct module_loader *loader)
{
	kmod_unref(loader->library);
	loader->library = NULL;
}

/* The first word of an install line is /bin/false, /bin/true or the like. */
static bool is_ban(const char *command)
{
	size_t length;
	const char *name;

	command += strspn(command, " \t");
	length = strcspn(command, " \t;&|");
	name = command;
	for (size_t i = 0; i < length; i++)
		if (command[i] == '/')
			name = command + i + 1;
	length -= (size_t)(name - command);
	return (length == 5 && memcmp(name, "false", 5) == 0) ||
	       (length == 4 && memcmp(name, "true", 4) == 0);
}

static int instead_of_install(struct kmod_module *module, const char *command, void *data)
{
	const struct module_loader *loader = data;
	char text[NOTE_MAX];
	int r;

	if (is_ban(command))
		return -EACCES;
	snprintf(text, sizeof(text),
		"the install line for %s in modprobe.d is not executed, the module is "
		"loaded "
		"instead: %.120s",
		kmod_module_get_name(module), command);
	loader->note(loader->context, text);
	r = kmod_module_insert_module(module, 0, kmod_module_get_options(module));
	return r == -EEXIST ? 0 : r;
}

static bool is_blacklisted(const char *name)
{
	cleanup_free char *bytes = NULL;
	size_t length;

	return proc_read(AT_FDCWD, "/proc/cmdline", CMDLINE_BYTES_MAX, &bytes, &length) ==
		       0 &&
	       cmdline_blacklists(bytes, length, name);
}

static int insert(const struct module_loader *loader, struct kmod_module *module)
{
	int r = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL,
		instead_of_install, loader, NULL);

	if (r > 0)
		return -ECANCELED;
	return r == -EEXIST ? 0 : r;
}

bool module_known(struct module_loader *loader, const char *name)
{
	struct kmod_ctx *library = library_of(loader);
	struct kmod_list *list = NULL, *item;
	bool known;
	int r;

	if (!library)
		return true;
	r = kmod_module_new_from_lookup(library, name, &list);
	known = r < 0 && r != -ENOENT;
	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);
		const char *path = kmod_module_get_path(module);

		known |= !path || access(path, F_OK) == 0;
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return known;
}

int module_load(struct module_loader *loader, const char *name)
{
	struct kmod_list *list = NULL, *item;
	struct kmod_ctx *library;
	int r;

	if (is_blacklisted(name))
		return -ECANCELED;
	library = library_of(loader);
	if (!library)
		return -ENOMEM;
	r = kmod_module_new_from_lookup(library, name, &list);
	if (r == 0 && !list)
		r = -ENOENT;
	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		if (r == 0)
			r = insert(loader, module);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return r;
}
