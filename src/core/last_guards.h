/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guards over a whole plan: of some things the host needs one, and any one will do. Where
 * the plan would take the last of them, one stays: the boot display if it is among them,
 * else the first by address. A rule with allow= gives its own away, so that only where
 * every rule has it nothing stays.
 *
 *   keyboard      one that hangs on a taken function is gone; PS/2 keyboards stay
 *   last-display  what has outputs (not class 0302) and is neither planned nor already
 *                 given away
 */
#pragma once

#include "plan.h"

/* Takes what is refused out of the plan, which has no operations yet. */
void last_guards_apply(
	const struct machine *machine, struct plan *plan, struct findings *findings);
