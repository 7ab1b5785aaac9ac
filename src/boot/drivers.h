/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drivers that the config asks for: what an image has to hold besides vfio-pci.
 */
#pragma once

#include <stdio.h>

/*
 * Writes the driver= of every rule below SYSROOT that takes devices, one name a line,
 * each once. Lines of the config that do not parse are passed over: the boot run tells
 * about them. Returns 0 or -errno.
 */
int drivers_print(const char *sysroot, FILE *out);
