/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said of a rule that matches nothing.
 */
#pragma once

#include "finding.h"

/*
 * Says which term nothing satisfies; else, of a rule about a group, what is in that group
 * and where the devices are that it describes: numbers of groups change between boots.
 */
void unmatched_note(const struct machine *machine, const struct rule *rule,
	struct findings *findings);

/* What such a finding's text says of what is not there, for a user who wrote no rule. */
const char *unmatched_why(const char *text);
