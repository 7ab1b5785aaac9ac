/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guards: named predicates over the machine and one wanted function. Each says no in
 * words that end with what lifts it. They stand in one table, asked in its order; the
 * first one that refuses and that the rule's allow= does not lift decides.
 */
#pragma once

#include "selection.h"

#define GUARD_WHY_MAX 340

/* GUARD_NONE where nothing refuses; else WHY is set. */
enum guard guards_ask(const struct machine *machine, const struct wanted *wanted,
	char why[GUARD_WHY_MAX]);
