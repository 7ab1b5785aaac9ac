/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Late devices: functions that appear after the boot run, one run of the program for
 * each, started by udev before it loads a driver for it.
 *
 * Such a run decides about its function, and about every other listed one that appeared
 * since the boot run and has no driver yet: the driver that udev loads next for this
 * function would take its twin as well. Runs may be at work side by side; a lock keeps
 * them from doing and saying everything twice. Whoever does not get it in time goes on
 * without it: then the same is done twice, which does no harm.
 */
#pragma once

#include "core/selection.h"
#include "seen.h"

/*
 * Marks what this run is not to decide about, sets late and waited of the rest, and drops
 * the findings about anything else. Returns how many wanted functions are left.
 */
size_t late_narrow(const struct pci_address *address, const struct seen *seen,
	const struct machine *machine, struct selection *selection,
	struct findings *findings);

/* Drops what was said before: that a function still waits. */
void late_drop_repeats(const struct seen *seen, const struct machine *machine,
	struct findings *findings);

/* Waits a limited time for other runs, or not. The lock lasts until the process ends. */
void late_lock(bool patient);

/* Notes the function, and what was decided beside it, as seen or waiting. */
void late_done(const struct pci_address *address, const struct selection *selection);
