/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads modules through libkmod, with the options, softdeps and blacklists of modprobe.d.
 *
 * An `install` line is never executed: it needs a shell, and the usual one for vfio-pci
 * is the script that this program replaces. `install NAME /bin/false` and /bin/true are
 * understood as what they mean, a ban; any other one is passed over and noted.
 *
 * /sys and /proc must be mounted: kmod_new() reads /sys/module/compression and
 * /proc/cmdline.
 */
#pragma once

#include <stdbool.h>

struct kmod_ctx;

struct module_loader {
	void *context;
	/* Something the user should know that is no error. */
	void (*note)(void *context, const char *text);
	/* Opened when it is first needed: it reads modprobe.d, and maps the indices. What
	 * changes there afterwards is not seen. */
	struct kmod_ctx *library;
};

/*
 * Loads NAME and what it needs. Returns 0 (also when it is loaded or built in), -errno of
 * finit_module(2) or libkmod, -ECANCELED (blacklisted) or -EACCES (banned by an install
 * line); errno_words(STEP_LOAD, ...) has words for them.
 */
int module_load(struct module_loader *loader, const char *name);

/*
 * Whether there is anything to load by that name: the file of a module, one that is built
 * in, or a line of modprobe.d. Also true where that cannot be found out.
 */
bool module_known(struct module_loader *loader, const char *name);

void module_loader_close(struct module_loader *loader);
