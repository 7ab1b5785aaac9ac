/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How results are shown: as wide as the terminal, in colour only where one looks at it.
 */
#pragma once

#include "table.h"

/*
 * Without a terminal lines are broken only where COLUMNS says how wide they may be.
 * Colours are for a terminal that has them, and never with NO_COLOR or NO_COLOUR_WANTED.
 */
struct table_style style_find(bool json, bool no_colour_wanted);
