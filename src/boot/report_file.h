/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report on disk: /run/vfio-early/report from the first run since the boot, which is
 * the one that took the devices, and report-rerun from the last run after it. Written
 * under another name and renamed, so a reader never sees half of one.
 */
#pragma once

#include "core/report.h"

/* Returns 0 or -errno. */
int report_file_write(const struct report *report);

/*
 * Late devices have a report of their own, /run/vfio-early/late, to which every run that
 * had something to say appends its findings. One over the limit is renamed to
 * late-before.
 */
#define REPORT_LATE_BYTES_MAX 262144

int report_file_append(const struct report *report);
