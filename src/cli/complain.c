/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "complain.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void complain(const char *format, ...)
{
	va_list arguments;

	fputs("vfio-early: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static bool no_warnings;

void warnings_off(void)
{
	no_warnings = true;
}

void warn_user(const char *format, ...)
{
	va_list arguments;

	if (no_warnings)
		return;
	fputs("vfio-early: warning: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int usage_error(const char *verb, const char *format, ...)
{
	const size_t length = strlen(format);
	const bool asks = length > 0 && format[length - 1] == '?';
	va_list arguments;

	fprintf(stderr, "vfio-early%s%s: ", verb ? " " : "", verb ? verb : "");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s vfio-early%s%s --help\n", asks ? " See" : "; see",
		verb ? " " : "", verb ? verb : "");
	return EXIT_USAGE;
}
