/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysroot.h"

#include "complain.h"
#include "core/capture_text.h"
#include "interrupt.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"
#include "staging.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

static int complain_format(const char *path, int r, unsigned line)
{
	if (r == -EPROTONOSUPPORT)
		complain("%s:1: not a capture that this version can read; expected the "
			 "first line \"" CAPTURE_MAGIC "\"",
			path);
	else if (r == -EBADMSG)
		complain("%s:%u: this line is not understood; write the capture anew",
			path, line);
	else
		complain("%s:%u: could not be unpacked: %s", path, line, strerror(-r));
	return EXIT_FAILURE;
}

static int unpack_file(const char *path, struct sysroot *sysroot)
{
	cleanup_free char *bytes = NULL;
	unsigned line = 0;
	size_t length;
	int r = proc_read(AT_FDCWD, path, CAPTURE_BYTES_MAX, &bytes, &length);

	if (r < 0) {
		complain("%s: %s; --sysroot wants a directory or a file written by "
			 "vfio-early capture",
			path, r == -EFBIG ? "larger than any capture" : strerror(-r));
		return EXIT_FAILURE;
	}
	interrupt_catch();
	sysroot->temporary = staging_begin_in_memory();
	if (sysroot->temporary)
		sysroot->fd =
			open(sysroot->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sysroot->fd < 0) {
		complain("no temporary directory could be made: %s; set TMPDIR to one "
			 "with room",
			strerror(errno));
		return EXIT_FAILURE;
	}
	r = capture_unpack(bytes, length, sysroot->fd, &line);
	return r < 0 && r != -EINTR ? complain_format(path, r, line) : 0;
}

int sysroot_open(const char *path, struct sysroot *ret_sysroot)
{
	struct sysroot sysroot = {.fd = -1};
	struct stat status;
	int r = 0;

	if (path && stat(path, &status) < 0) {
		complain("--sysroot %s: %s; name a directory or a capture", path,
			strerror(errno));
		return EXIT_FAILURE;
	}
	if (path && !S_ISDIR(status.st_mode))
		r = unpack_file(path, &sysroot);
	else
		sysroot.fd = open(path ? path : "/", OPEN_FLAGS);
	if (r == 0 && sysroot.fd < 0) {
		complain("%s: %s", path ? path : "/", strerror(errno));
		r = EXIT_FAILURE;
	}
	if (r != 0 || interrupted()) {
		sysroot_close(&sysroot);
		return r ? r : EXIT_FAILURE;
	}
	*ret_sysroot = sysroot;
	return 0;
}

void sysroot_close(struct sysroot *sysroot)
{
	if (sysroot->fd >= 0)
		close(sysroot->fd);
	staging_end(sysroot->temporary);
	*sysroot = (struct sysroot){.fd = -1};
	interrupt_die();
}
