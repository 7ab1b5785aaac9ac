/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

#include "say.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	const char *path;
	const char *type;
	unsigned long flags;
	bool needed;
};

/* No options but these flags: they would change the one devtmpfs that all mounts share.
 */
static const struct place places[] = {
	{TREE "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, false},
	{TREE "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, false},
	{TREE "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, true},
};

static void say_failed(enum say_level level, const char *what, const char *which)
{
	struct line line;
	int error = errno;

	line_begin(&line, level);
	line_add(&line, what);
	line_add(&line, which);
	line_add(&line, ": ");
	line_add(&line, strerror(error));
	line_add(&line, level == SAY_ERROR ? "; nothing was touched, the boot goes on"
					   : "; going on without it");
	line_say(&line);
}

static int enter_namespace(void)
{
	if (unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	say_failed(SAY_ERROR, "no namespace for mounts of our own", "");
	return -1;
}

int tree_enter(void)
{
	if (enter_namespace() < 0)
		return -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *place = &places[i];

		/* They are in the archive; one made by hand may have forgotten them. */
		(void)mkdir(place->path, 0755);
		if (mount(place->type, place->path, place->type, place->flags, NULL) == 0)
			continue;
		say_failed(place->needed ? SAY_ERROR : SAY_WARNING, "could not mount ",
			place->path);
		if (place->needed)
			return -1;
	}
	(void)mkdir(TREE "/run", 0755);
	if (chroot(TREE) < 0 || chdir("/") < 0) {
		say_failed(SAY_ERROR, "could not change the root to ", TREE);
		return -1;
	}
	return 0;
}
