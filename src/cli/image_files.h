/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in the stand-alone archive, below /vfio-early: the init and the mount points
 * that it wants; binary, configuration and modprobe.d files, which hooks/stage-image
 * knows as for every other image; and for each kernel modules with depmod data of their
 * own.
 */
#pragma once

#include <stddef.h>

/* Fills the folder ROOT. Returns 0, or -errno after telling what failed. */
int image_files_stage(const char *root, const char *const *kernels, size_t count);
