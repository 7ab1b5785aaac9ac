/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of `list`: one for each PCI function, by IOMMU group. */
#pragma once

#include "attached.h"
#include "core/pci_class.h"
#include "names.h"
#include "survey.h"
#include "table.h"

struct list_filter {
	bool by_group;
	int group;
	bool by_class;
	struct pci_class_pattern class_pattern;
};

bool list_passes(const struct list_filter *filter, const struct pci_function *function);

extern const struct table_column list_columns[];
extern const size_t list_column_count;

/* Adds all that pass the filter. Returns 0 or -ENOMEM. */
int list_rows(struct table *table, int root, const struct survey *survey,
	const struct attached *attached, struct names *names,
	const struct list_filter *filter);
