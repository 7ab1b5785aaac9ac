/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with the config itself: for whoever makes a boot image, before it is
 * booted.
 */
#pragma once

#include <stdio.h>

/*
 * Writes what the boot would log of the config files below SYSROOT, one problem a line,
 * as FILE:LINE:COLUMN: what was expected; of more than CONFIG_PROBLEMS_MAX their number.
 * The machine and the kernel command line are not looked at. Returns 0 or -errno.
 */
int problems_print(const char *sysroot, FILE *out);
