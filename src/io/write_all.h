/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* write(2) until all of it is written. Returns 0 or -errno; some may be written then. */
int write_all(int fd, const char *bytes, size_t length);
