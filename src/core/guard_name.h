/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guards by name: what `allow=` may lift and what a refusal prints. What each guard
 * refuses stands in guards.h.
 */
#pragma once

#include <stddef.h>

enum guard {
	GUARD_NONE,
	GUARD_BRIDGE,
	GUARD_IDENTITY,
	GUARD_NO_IOMMU,
	GUARD_ROOT_DISK,
	GUARD_STORAGE,
	GUARD_KEYBOARD,
	GUARD_NETWORK,
	GUARD_LAST_DISPLAY,
	GUARD_DRIVER,
	GUARD_BOUND,
	GUARD_COUNT,
};

/* A set of guards, as allow= gives it. */
typedef unsigned guard_set;
#define GUARD_BIT(guard) (1U << (guard))

/* "" for GUARD_NONE. */
const char *guard_name(enum guard guard);

/* The guard with this name, GUARD_NONE if there is none. */
enum guard guard_from_name(const char *text, size_t length);

/* How the words end of each guard that allow= lifts; takes guard_name(). A refusal is no
 * advice: it has to be clear that the device is protected until that word is written. */
#define GUARD_LIFTED_BY "; protected, taken only with allow=%s"

/* What to do instead of allow= for a guard that allow= does not lift, else NULL. */
const char *guard_not_liftable(enum guard guard);
