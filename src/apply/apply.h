/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Performs a plan. Never stops early: a device that fails is given back, with its
 * override cleared and its host driver probed again, and the others go on. Afterwards
 * every device of the plan is on its planned driver, or has no override of ours left, or
 * a finding says which call kept it from being given back.
 */
#pragma once

#include "core/plan.h"
#include "effects.h"

/* Returns 0 or -ENOMEM, then with nothing done. */
int apply_plan(const struct plan *plan, const struct effects *effects,
	struct findings *findings);

/*
 * For devices that an attempt which was left behind has touched, and that the plan of
 * this one does not take any more: puts their driver_override back.
 */
void apply_put_back(const struct selection *selection, const struct plan *plan,
	const struct effects *effects, struct findings *findings);

/*
 * The way back after a run that died: gives back every planned device that is not on its
 * driver, and does nothing else.
 */
void apply_give_back(const struct plan *plan, const struct effects *effects,
	struct findings *findings);
