/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guards: named predicates over the machine and one wanted function. Each says no in
 * words that end with what lifts it. They stand in one table, asked in its order; the
 * first one that refuses and that the rule's allow= does not lift decides.
 */
#pragma once

#include "selection.h"

#define GUARD_WHY_MAX 340

/*
 * Whether what this guard refused may be another matter later in the same boot, when the
 * modules of the system are there: the driver, or that of an IOMMU (SMMU, virtio-iommu).
 */
bool guard_waits(enum guard guard);

/* GUARD_NONE where nothing refuses; else WHY is set. */
enum guard guards_ask(const struct machine *machine, const struct wanted *wanted,
	char why[GUARD_WHY_MAX]);
