/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told, on standard error: "vfio-early: what; what to do". */
#pragma once

#define EXIT_USAGE 64

__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
__attribute__((format(printf, 1, 2))) void warn_user(const char *format, ...);

/* From now on warn_user() says nothing. */
void warnings_off(void);

/* The same, about the command line; returns EXIT_USAGE. VERB is NULL for none. */
__attribute__((format(printf, 2, 3))) int usage_error(
	const char *verb, const char *format, ...);
