/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture as the tree of files that it describes. */
#pragma once

#include <stddef.h>

/*
 * Makes the tree below the empty directory ROOT. Nothing is followed while it is made.
 * Returns 0 or what capture_parse() gives, with *ret_line; -EINTR after a signal.
 */
int capture_unpack(const char *text, size_t length, int root, unsigned *ret_line);
