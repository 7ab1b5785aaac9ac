/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds and reads the config files below a root directory.
 *
 * /etc/vfio-early.conf first, then the files NAME.conf of /etc/vfio-early.conf.d,
 * /run/vfio-early.conf.d and /usr/lib/vfio-early.conf.d in byte order of NAME. A name in
 * /etc masks the same name in /run and /usr/lib, one in /run masks /usr/lib; an empty
 * file or a link to /dev/null masks without putting anything in its place.
 *
 * The files and the folders they stand in must be such that only root can change them
 * (trust.h). Where links lead through is not looked at: only root can have made them.
 */
#pragma once

#include "core/config.h"

/*
 * Reads everything into CONFIG. A file that is missing is no problem; one that cannot be
 * read or trusted becomes a problem and leaves the config incomplete. Returns 0 or
 * -ENOMEM.
 */
int config_files_read(struct config *config, int root);

/* The same below a folder of the file system; *ret_config is to be cleared after success
 * only. Returns 0, -ENOMEM, or what opening the folder gave. */
int config_files_read_below(const char *folder, struct config *ret_config);

/* The same, with BYTES for what /etc/vfio-early.conf holds; NULL: what it does hold. */
int config_files_read_as(
	struct config *config, int root, const char *bytes, size_t length);

/* Reads /proc/cmdline below ROOT into CONFIG. Returns 0 or -ENOMEM. */
int config_cmdline_read(struct config *config, int root);
