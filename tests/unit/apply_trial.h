/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A situation that is applied to a simulated machine, maybe with something that goes
 * wrong in it, and what came of that.
 */
#pragma once

#include "apply_situations.h"

struct trial {
	const struct situation *situation;
	struct scene scene;
	struct sim sim;
	struct findings findings; /* the plan's, and those of apply */
};

/* Makes the plan. The trial is to be ended. */
void trial_begin(struct trial *trial, const struct situation *situation);

/* The machine as it is before the plan is applied, for what is to go wrong; again for
 * another run. */
void trial_reset(struct trial *trial);

void trial_apply(struct trial *trial);
void trial_end(struct trial *trial);

/* The one verdict, from the plan or from apply; NULL without one. */
const struct finding *trial_verdict(
	const struct trial *trial, const struct sim_device *device);

/* The test fails, with all that was done and said. */
_Noreturn void trial_fail(
	const struct trial *trial, const char *condition, const char *file, int line);

#define check(trial, condition)                                                          \
	do {                                                                             \
		if (!(condition))                                                        \
			trial_fail(trial, #condition, __FILE__, __LINE__);               \
	} while (0)
