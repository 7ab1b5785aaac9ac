/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rebuild_words.h"

#include "rebuild.h"

#include <stdio.h>
#include <string.h>

static void append(char *out, const char *text)
{
	size_t used = strlen(out);

	snprintf(out + used, REBUILD_TEXT_MAX - used, "%s", text);
}

void rebuild_words(int root, char out[REBUILD_TEXT_MAX])
{
	struct rebuild rebuild;

	out[0] = '\0';
	rebuild_find(root, &rebuild);
	if (rebuild.count == 0)
		append(out, "rebuild the boot image with the tool that makes yours");
	for (size_t i = 0; i < rebuild.count; i++) {
		append(out, i > 0 ? ", or: sudo" : "sudo");
		for (size_t j = 0; rebuild.commands[i][j]; j++) {
			append(out, " ");
			append(out, rebuild.commands[i][j]);
		}
	}
}
