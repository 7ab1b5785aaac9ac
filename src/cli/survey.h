/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that the verbs show of a machine: what a scan sees, what the host needs, and
 * what the planner of the boot run makes of the configuration at the next boot: before
 * any module is loaded, when only drivers hold that are built in, and no override is set.
 * Nothing is read that a device can keep waiting which is stuck now.
 */
#pragma once

#include "core/plan.h"

struct survey {
	struct config config;
	struct machine machine;
	struct selection selection;
	struct plan plan;
	struct findings findings;
	/* For each function of the machine, the finding that says what becomes of it. */
	const struct finding **verdicts;
};

/* What else it is to be about. */
struct survey_wish {
	bool files_only;    /* without the rules of the kernel command line */
	bool session;       /* what the session needs that this program runs in, too */
	const char *config; /* /etc/vfio-early.conf as it would be; NULL: as it is */
	size_t config_length;
};

/*
 * Reads the machine and the configuration below ROOT and plans. *ret_survey is to be
 * cleared after success only. Returns 0 or -errno: -ENOENT without /sys.
 */
int survey_make(int root, struct survey *ret_survey);
int survey_make_for(int root, const struct survey_wish *wish, struct survey *ret_survey);
void survey_clear(struct survey *survey);

/* Switched off, or a config that could not be read whole: nothing was planned. */
bool survey_takes_nothing(const struct survey *survey);

/* The finding that says what becomes of a function; NULL where no rule is about it. */
const struct finding *survey_verdict(
	const struct survey *survey, const struct pci_function *function);
