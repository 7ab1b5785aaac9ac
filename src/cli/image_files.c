/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_files.h"

#include "complain.h"
#include "interrupt.h"
#include "kernel_modules.h"
#include "kernels.h"
#include "program.h"
#include "scan/cleanup.h"
#include "staging.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTALLED   "/usr/lib/vfio-early"
#define INIT        INSTALLED "/vfio-early-init"
#define STAGE_IMAGE INSTALLED "/stage-image"

struct staged {
	const char *kernel;
	struct module_names modules;
	int error;
};

static char *join(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* A depmod wants modules in lib or in usr/lib: the one is the other. */
static int stage_frame(const char *tree)
{
	static const char *const folders[] = {
		"dev", "proc", "run", "sys", "usr/lib/modules"};
	cleanup_free char *lib = join(tree, "lib"), *init = join(tree, "init");
	int r = lib && init ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
		cleanup_free char *folder = join(tree, folders[i]);

		r = folder ? make_folders(folder) : -ENOMEM;
	}
	if (r == 0 && symlink("usr/lib", lib) < 0)
		r = -errno;
	if (r < 0) {
		complain("%s could not be filled: %s; TMPDIR names another place", tree,
			strerror(-r));
		return r;
	}
	r = copy_file(INIT, init, 0755);
	if (r < 0)
		complain(
			"%s could not be copied to %s: %s; reinstall vfio-early, or make "
			"room",
			INIT, tree, strerror(-r));
	return r;
}

/* The protocol of stage-image: see its head. */
static void take_line(void *context, char *text)
{
	struct staged *staged = context;
	char *rest = strchr(text, ' ');

	if (!rest || staged->error < 0)
		return;
	*rest++ = '\0';
	if (strcmp(text, "warning") == 0)
		warn_user("%s", rest);
	else if (strcmp(text, "module") == 0)
		staged->error = module_names_add(&staged->modules, rest);
}

/* Also copies the files, if DEST says where to. */
static int run_stage_image(struct staged *staged, const char *dest)
{
	cleanup_free char *dest_option = NULL, *kernel_option = NULL;
	char program[] = STAGE_IMAGE, rebuild[] = "--rebuild=vfio-early image again";
	int status;

	if (asprintf(&kernel_option, "--kernel=%s", staged->kernel) < 0 ||
		(dest && asprintf(&dest_option, "--dest=%s", dest) < 0))
		return -ENOMEM;
	status = program_run(
		(char *[]){program, kernel_option, rebuild, dest_option, NULL}, take_line,
		staged);
	if (interrupted())
		return -EINTR;
	if (status < 0)
		complain("%s could not be run: %s; reinstall vfio-early", program,
			strerror(-status));
	else if (status > 0)
		complain("%s ended with status %d; mend what it says above", program,
			status);
	return status == 0 ? staged->error : -ECANCELED;
}

static int run_depmod(const char *tree, const char *kernel)
{
	cleanup_free char *base = NULL, *version = NULL;
	char program[] = "depmod";
	int status;

	if (asprintf(&base, "--basedir=%s", tree) < 0 ||
		asprintf(&version, "%s", kernel) < 0)
		return -ENOMEM;
	status = program_run((char *[]){program, base, version, NULL}, NULL, NULL);
	if (interrupted())
		return -EINTR;
	if (status < 0)
		complain("depmod could not be run: %s; install kmod", strerror(-status));
	else if (status > 0)
		complain("depmod -b %s %s ended with status %d; see its message above",
			tree, kernel, status);
	return status == 0 ? 0 : -ECANCELED;
}

/* What only depmod reads; it is most of the data of a few modules. */
static void remove_depmod_input(const char *folder)
{
	static const char *const names[] = {"modules.order", "modules.builtin.modinfo"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_free char *path = join(folder, names[i]);

		if (path)
			(void)unlink(path);
	}
}

static int stage_kernel(const char *tree, struct staged *staged, bool with_files)
{
	cleanup_free char *modules = join(tree, "usr/lib/modules");
	cleanup_free char *to = modules ? join(modules, staged->kernel) : NULL;
	cleanup_free char *from = kernel_folder(staged->kernel);
	int r;

	if (!to || !from)
		return -ENOMEM;
	r = run_stage_image(staged, with_files ? tree : NULL);
	if (r == 0)
		r = make_folders(to);
	if (r == 0)
		r = kernel_modules_copy(from, to, &staged->modules);
	if (r >= 0)
		r = run_depmod(tree, staged->kernel);
	if (r == 0)
		remove_depmod_input(to);
	return r;
}

int image_files_stage(const char *root, const char *const *kernels, size_t count)
{
	cleanup_free char *tree = join(root, "vfio-early");
	int r = tree ? stage_frame(tree) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct staged staged = {.kernel = kernels[i]};

		r = stage_kernel(tree, &staged, i == 0);
		module_names_clear(&staged.modules);
	}
	if (r == -ENOMEM)
		complain("out of memory");
	return r;
}
