/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ctrl-C and its like, for a verb that has temporary files to remove: the signal is only
 * noted, the verb looks at interrupted() between its steps, cleans up, and dies of it.
 */
#pragma once

#include <stdbool.h>

void interrupt_catch(void);
bool interrupted(void);

/* Ends the process by the signal that came, if one came. */
void interrupt_die(void);
