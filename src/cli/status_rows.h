/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of `status`: one for each function that a rule of the configuration is about,
 * that the last boot said something about, or that a VFIO driver has now.
 */
#pragma once

#include "core/report.h"
#include "image_state.h"
#include "names.h"
#include "survey.h"
#include "table.h"

extern const struct table_column status_columns[];
extern const size_t status_column_count;

/*
 * REPORT is NULL where the last boot left none; IMAGE_WORDS as image_state_find() gives
 * them. *ret_differs counts the rows in which
 * something is not as it should be. Returns 0 or -ENOMEM.
 */
int status_rows(struct table *table, const struct survey *survey,
	const struct report *report, enum image_state image, const char *image_words,
	struct names *names, unsigned *ret_differs);
