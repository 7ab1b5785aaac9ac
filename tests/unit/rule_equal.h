/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two rules say the same. Where they stand (source) does not count. */
#pragma once

#include "core/config.h"

bool rule_equal(const struct rule *a, const struct rule *b);
