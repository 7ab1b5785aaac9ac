/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a compressed stream ends in what it is the beginning of. For libarchive what
 * follows is another stream of the same kind, or an error, over which it loses the end of
 * the one before: of xz, lz4 and zstd. The kernel goes on with whatever follows.
 */
#pragma once

#include <stddef.h>

/* At most LENGTH, which it also is for a stream that has no end, or of another kind. */
size_t stream_end(const void *start, size_t length);
