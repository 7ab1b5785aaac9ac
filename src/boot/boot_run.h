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

/* What a run is to do, as far as that is in files and on the command line. *ret_config is
 * to be cleared after success only. Returns 0 or -errno. */
int boot_read(const struct boot_options *options, struct config *ret_config);

/* Whether that is nothing: there are no rules, or it is switched off. */
bool boot_is_nothing(const struct config *config);

/* Of a late device, whether an earlier run decided about it. Waits for nothing. */
bool boot_was_decided(const struct boot_options *options);

/*
 * Does everything and fills *report, whose findings the caller clears. CONFIG is what
 * boot_read() gave, or NULL: it is read here. WATCH may be NULL where there is nothing to
 * do, and with plan_only, and then a call that hangs is waited for; JOURNAL may be, and
 * then an attempt that was left behind is forgotten.
 */
void boot_run(const struct boot_options *options, const struct config *config,
	struct watch *watch, struct journal *journal, struct report *report);
