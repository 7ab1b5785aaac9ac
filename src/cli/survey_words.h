/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be said about a survey beside the result, on standard error. */
#pragma once

#include "survey.h"

/* Problems of the config, rules that match nothing, no IOMMU. */
void survey_warn(const struct survey *survey);

/* Why there is none; returns EXIT_FAILURE. */
int survey_complain(int error);

/*
 * The survey of the next boot, with what is to be said about it unless QUIET. Returns 0,
 * or EXIT_FAILURE after complaining.
 */
int survey_shown(int root, bool quiet, struct survey *ret_survey);
