/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel command line: switches and rules for one boot.
 *
 *   vfio_early=off|dry-run    touch nothing; dry-run logs the plan
 *   vfio_early.take=TERM,...  one more rule, as a line of the config file
 *   vfio_early.keep=TERM,...  one more keep rule
 *   vfio_early.debug          log how the decision was made
 *
 * Words are divided and quoted as the kernel does it (next_arg() in lib/cmdline.c), '-'
 * and '_' are the same in names (parameq() in kernel/params.c), and what stands behind
 * "--" is for init. A value of vfio_early= that is not understood means off: whoever
 * types it at a boot prompt is more likely to be in trouble than not. A command line
 * over the limit, or a keep rule for which there is no room, leaves the config
 * incomplete.
 */
#pragma once

#include "config.h"

/* COMMAND_LINE_SIZE is 2048 on x86 and at most 4096 elsewhere, plus a bootconfig. */
#define CMDLINE_BYTES_MAX 16384

#define CMDLINE_NAME "kernel command line"

/* Returns 0 or -ENOMEM. With a LENGTH over the limit BYTES is not looked at. */
int cmdline_parse(struct config *config, const char *bytes, size_t length);

/*
 * Whether the command line keeps a module from being loaded: modprobe.blacklist=,
 * module_blacklist= or dracut's rd.driver.blacklist=. '-' and '_' are the same here,
 * which they are neither to the kernel (blacklisted() in kernel/module/main.c) nor to
 * libkmod: what the user wanted is clear all the same.
 */
bool cmdline_blacklists(const char *bytes, size_t length, const char *module);

/*
 * The value of the last parameter called NAME, as root=; NULL where it is not there.
 * Not terminated: *ret_length bytes.
 */
const char *cmdline_value(
	const char *bytes, size_t length, const char *name, size_t *ret_length);

/*
 * Calls VISIT for every parameter, in order, until it returns false. VALUE is NULL where
 * there is no '='. Neither is terminated.
 */
void cmdline_for_each(const char *bytes, size_t length,
	bool (*visit)(void *context, const char *name, size_t name_length,
		const char *value, size_t value_length),
	void *context);

/* Whether a parameter's name is this one, '-' and '_' being the same. */
bool cmdline_name_is(const char *text, size_t length, const char *name);
