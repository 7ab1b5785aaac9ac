/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts that only some rules ask for, since they cost something to find out.
 */
#pragma once

#include "scan.h"

/*
 * Finds out what FACTS (enum costly) names, for every function of the machine that could
 * be taken. What cannot be found out is left as it is: no serial number, no virtual
 * function, no boot display.
 */
void hardware_scan(int root, const struct scan_observer *observer, unsigned facts,
	struct machine *machine);
