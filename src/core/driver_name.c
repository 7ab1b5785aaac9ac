/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const with_hyphen[] = {"vfio-pci", "pci-stub"};

static bool same_in_modules(char a, char b)
{
	return a == b || (a == '-' && b == '_') || (a == '_' && b == '-');
}

static bool same_module(const char *a, const char *b)
{
	while (*a && same_in_modules(*a, *b)) {
		a++;
		b++;
	}
	return *a == *b;
}

void driver_name_module(const char *name, char out[DRIVER_NAME_MAX])
{
	snprintf(out, DRIVER_NAME_MAX, "%s", name);
	for (char *c = out; *c; c++)
		if (*c == '-')
			*c = '_';
}

const char *driver_name_meant(const char *name)
{
	for (size_t i = 0; i < sizeof(with_hyphen) / sizeof(with_hyphen[0]); i++)
		if (strcmp(name, with_hyphen[i]) != 0 &&
			same_module(name, with_hyphen[i]))
			return with_hyphen[i];
	return NULL;
}
