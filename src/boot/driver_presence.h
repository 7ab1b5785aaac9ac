/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the drivers that rules ask for can be had, found out before anything is
 * written: with the name of one that is not there in its driver_override, a device would
 * match no driver at all.
 */
#pragma once

#include "core/selection.h"

/*
 * Sets driver_missing of every wanted function whose driver neither is registered nor has
 * a module in /lib/modules of the running kernel. It says nothing about functions that
 * were decided before.
 */
void driver_presence_find(const struct selection *selection);
