/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "look.h"

int look_main(const struct look *look, int argc, char **argv)
{
	struct options options;
	struct sysroot sysroot;
	int status = options_read(&look->reader, argc, argv, &options);

	if (status >= 0)
		return status;
	if (sysroot_open(options.sysroot, &sysroot) != 0)
		return look->failed;
	status = look->run(look->reader.context, &options, &sysroot);
	sysroot_close(&sysroot);
	return status;
}
