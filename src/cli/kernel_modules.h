/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel's modules for a place of their own: the named ones, what they depend on, and
 * what is to be loaded before or after them (softdep), as modprobe(8) would find them
 * with the modprobe.d of this machine. Copied as they are: stripped or decompressed, a
 * module would lose its signature, or grow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MODULE_NAMES_MAX 256

struct module_names {
	char *names[MODULE_NAMES_MAX];
	size_t count;
};

/* Adds a copy of a name that is not there yet. Returns 0, -ENOMEM or -E2BIG. */
int module_names_add(struct module_names *names, const char *name);
void module_names_clear(struct module_names *names);

/*
 * Copies them from FROM, the folder of a version, to TO, and with them the files that
 * tell depmod(8) what is built into the kernel. A name that cannot be found is told as a
 * warning. Returns how many files were copied, or -errno after telling what failed.
 */
int kernel_modules_copy(
	const char *from, const char *to, const struct module_names *names);

/* Whether a kernel below the descriptor ROOT has this module, or has it built in. */
bool kernel_has_module(int root, const char *version, const char *name);

/* Only the latter. */
bool kernel_has_built_in(int root, const char *version, const char *name);
