/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio-early capture: this machine as one text that every verb takes with --sysroot. */
#pragma once

#include <stdio.h>

int capture_main(int argc, char **argv);

/* Writes what is below ROOT. Returns 0 or -errno. */
int capture_write(int root, FILE *out);
