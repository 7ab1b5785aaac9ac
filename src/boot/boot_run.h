/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot run, or the run for one late device: config, scan, plan, effects, and what
 * there is to say about it. A late run has nothing to say where its device is not wanted.
 */
#pragma once

#include "apply/journal.h"
#include "apply/watch.h"
#include "core/report.h"

enum now {
	NOW_NOT,
	NOW_BIND,
	NOW_RELEASE,
};

struct boot_options {
	const char *sysroot; /* "/" but for --plan */
	bool plan_only;      /* touch nothing and pretend that nothing says otherwise */
	bool before_udev;    /* say so if udevd is running already */
	bool late;           /* decide about this function, which has just appeared */
	struct pci_address device;
	/* What a user asked for: RULES, and keep rules, in the place of the config. */
	enum now now;
	const char **rules;
	size_t rule_count;
	bool rescan; /* with NOW_RELEASE: look for the devices again */
};

/*
 * Does everything and fills *report, whose findings the caller clears. WATCH is NULL
 * with plan_only; JOURNAL may be, and then an attempt that was left behind is forgotten.
 */
void boot_run(const struct boot_options *options, struct watch *watch,
	struct journal *journal, struct report *report);
