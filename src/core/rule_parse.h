/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One rule: a list of terms and options divided by separator bytes. Where a comma is one
 * of them, it also divides the values of a list, as in allow=storage,network.
 *
 * Returns 0, or -EINVAL with *ret_problem set: where in TEXT, and in words what was
 * found, what was expected, what to do. RULE must hold source and action beforehand.
 */
#pragma once

#include "config.h"

struct rule_problem {
	size_t offset;
	char text[PROBLEM_TEXT_MAX];
};

int rule_parse(struct rule *rule, const char *separators, const char *text, size_t length,
	struct rule_problem *ret_problem);
