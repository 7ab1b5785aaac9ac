/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fnmatch() for libkmod, which matches names of modules: bytes, no flags. musl's own
 * brings tables of all the world's letters, 17 KiB of them.
 *
 * As POSIX has it in the C locale: "*", "?", "[a-z]", "[!a-z]" and "\" before what stands
 * for itself. Not known are classes such as "[[:alpha:]]", equivalents and collating
 * symbols. A "[" that nothing closes stands for itself. What cannot match takes a time
 * that grows with the product of both lengths, no faster.
 */
#pragma once

#define FNM_NOMATCH 1

#define fnmatch fnmatch_bytes

/* 0, or FNM_NOMATCH; flags must be 0. */
int fnmatch_bytes(const char *pattern, const char *text, int flags);
