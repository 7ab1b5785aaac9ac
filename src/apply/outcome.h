/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said about a device of the plan once its driver has been read back. "Before" is
 * before this run, whichever of its attempts bound the device.
 */
#pragma once

#include "core/errno_words.h"
#include "core/plan.h"

#define REASON_MAX 240

/* Nothing was to be done for it: the plan has said so. */
bool outcome_was_right(const struct plan_device *device);

/* That it is on its driver now, and where it was taken from; nothing where it was right.
 */
void outcome_add_bound(const struct plan_device *device, struct findings *findings);

/* What did not work. */
void outcome_step_words(
	const struct plan_device *device, enum step step, char out[REASON_MAX]);
