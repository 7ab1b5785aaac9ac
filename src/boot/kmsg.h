/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines for the kernel log.
 *
 * /dev/kmsg drops everything over 10 lines in 5 seconds for each open file, and reports
 * success (devkmsg_write() in kernel/printk/printk.c), so it is opened anew for every
 * line. Nothing here can fail for the caller: without /dev/kmsg, or with
 * printk.devkmsg=off, there is just no log.
 */
#pragma once

#include "core/finding.h"

void kmsg_write(enum severity severity, const char *line);
