/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of `check`: one for each advice, in order. */
#pragma once

#include "advice.h"
#include "table.h"

extern const struct table_column check_columns[];
extern const size_t check_column_count;

/* Those below LEAST are left out. Returns 0 or -ENOMEM. */
int check_rows(
	struct table *table, const struct advices *advices, enum advice_level least);
