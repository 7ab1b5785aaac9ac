/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rebuild_verb.h"

#include "complain.h"
#include "options.h"
#include "rebuild.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERB           "rebuild"
#define OPTION_DRY_RUN 256

static const char usage[] =
	"Usage: vfio-early rebuild [OPTION]...\n"
	"Runs the command that puts the configuration into the boot images of this "
	"system:\n"
	"that of its own tool. Where it is not certain which one that is, says which "
	"there are.\n"
	"\n"
	"  --dry-run   say which command it is, and do not run it\n"
	"  --quiet     no warnings\n"
	"  --no-color  no colors, even on a terminal\n"
	"  --help\n"
	"\n"
	"Ends with 0 if the command did, else with 1.\n";

static int take(void *context, int option, const char *value)
{
	bool *dry_run = context;

	(void)value;
	if (option == OPTION_DRY_RUN)
		*dry_run = true;
	return 0;
}

static int rebuild_here(bool dry_run)
{
	cleanup_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rebuild rebuild;

	if (root < 0) {
		complain("/: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	rebuild_find(root, &rebuild);
	if (rebuild.certain && !dry_run)
		return rebuild_run(&rebuild);
	if (rebuild.count > 0)
		rebuild_say(&rebuild);
	if (rebuild.certain)
		return EXIT_SUCCESS;
	complain("which command rebuilds the boot image is not certain here; %s",
		rebuild.count == 0
			? "no tool for it was found; run the one that makes yours"
			: "run one of these");
	return EXIT_FAILURE;
}

int rebuild_main(int argc, char **argv)
{
	static const struct option own[] = {
		{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
		{NULL, 0, NULL, 0},
	};
	bool dry_run = false;
	const struct option_reader reader = {.verb = VERB,
		.usage = usage,
		.own = own,
		.take = take,
		.context = &dry_run};
	struct options options;
	int r = options_read(&reader, argc, argv, &options);

	return r < 0 ? rebuild_here(dry_run) : r;
}
