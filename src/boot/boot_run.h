/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot run: config, scan, plan, effects, and what there is to say about it.
 */
#pragma once

#include "apply/watch.h"
#include "core/report.h"

struct boot_options {
	const char *sysroot; /* "/" but for --plan */
	bool plan_only;      /* touch nothing and pretend that nothing says otherwise */
	bool before_udev;    /* say so if udevd is running already */
};

/*
 * Does everything and fills *report, whose findings the caller clears. WATCH is NULL
 * with plan_only.
 */
void boot_run(
	const struct boot_options *options, struct watch *watch, struct report *report);
