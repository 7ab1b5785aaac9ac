// SPDX-License-Identifier: LGPL-2.1-or-later
// depmod as a program of its own, for tests: distributions build theirs without
// zlib and then do not see modules stored as .ko.gz. Never installed.

#include <stdlib.h>

#include "tools/kmod.h"

int main(int argc, char *argv[])
{
	return kmod_cmd_compat_depmod.cmd(argc, argv);
}
