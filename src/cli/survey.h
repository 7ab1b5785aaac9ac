/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that the verbs show of a machine: what a scan sees, what the host needs, and
 * what the planner of the boot run makes of the configuration.
 */
#pragma once

#include "core/plan.h"

enum survey_when {
	SURVEY_NOW,       /* as it is */
	SURVEY_NEXT_BOOT, /* before any module is loaded: only built-in drivers hold */
};

struct survey {
	struct config config;
	struct machine machine;
	struct selection selection;
	struct plan plan;
	struct findings findings;
};

/*
 * Reads the machine and the configuration below ROOT and plans. *ret_survey is to be
 * cleared after success only. Returns 0 or -errno: -ENOENT without /sys.
 */
int survey_make(int root, enum survey_when when, struct survey *ret_survey);
void survey_clear(struct survey *survey);

/* The finding that says what becomes of a function; NULL where no rule is about it. */
const struct finding *survey_verdict(
	const struct survey *survey, const struct pci_function *function);
