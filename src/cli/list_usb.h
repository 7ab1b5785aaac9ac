/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of `list --usb`: one for each USB device, by its controller. */
#pragma once

#include "list_rows.h"

extern const struct table_column usb_columns[];
extern const size_t usb_column_count;

/* Adds the devices behind controllers that pass the filter. Returns 0 or -ENOMEM. */
int usb_rows(struct table *table, int root, const struct machine *machine,
	const struct list_filter *filter);
