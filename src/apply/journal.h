/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a run is about to change, in memory that outlives the process that changes it: the
 * child of watch.h may be left behind in the middle, or die.
 *
 * The next child learns from it how each device was before the first one touched it, so
 * that what is said and what is given back is the same as if there had been one. And
 * where no child comes to its end, the parent tells from it what was done.
 */
#pragma once

#include "core/plan.h"
#include "core/report.h"
#include "effects.h"
#include "watch.h"

struct journal;

/* NULL where there is no memory; all functions but the last do nothing with NULL. */
struct journal *journal_new(void);
void journal_free(struct journal *journal);

/* Sets function->past of every wanted function that an earlier child was to change. */
void journal_recall(const struct journal *journal, const struct selection *selection);

/*
 * Before anything is changed: keeps what has been found so far, and how every device of
 * the plan is that has something to be done to it and is not kept already.
 */
void journal_keep(
	struct journal *journal, const struct plan *plan, const struct report *report);

/*
 * The report of a run that did not come to its end: what the last child had found out,
 * and for every device whether it is on its driver now. Takes bound_driver of the effects
 * alone, which waits for no lock. JOURNAL and WATCH may be NULL.
 */
void journal_report(const struct journal *journal, const struct watch *watch,
	const struct effects *effects, struct report *ret_report);
