/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include "core/cpio.h"
#include "scan/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the stream of a descriptor may be told of; fdopen(3) takes the descriptor. */
static int open_stream(struct output *output, int fd)
{
	if (fd < 0)
		return -errno;
	output->stream = fdopen(fd, "w");
	if (output->stream)
		return 0;
	close(fd);
	return -ENOMEM;
}

/* Length of the folder's part of a path, its last slash included. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

int output_begin(struct output *output, const char *path)
{
	size_t folder = folder_length(path);
	struct stat status;
	int fd;

	*output = (struct output){.path = path};
	if (strcmp(path, "-") == 0)
		return open_stream(output, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
	/* Neither a folder nor a device is to be replaced by a file. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EEXIST;
	if (asprintf(&output->temporary, "%.*s.%.200s.XXXXXX", (int)folder, path,
		    path + folder) < 0) {
		output->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		int error = errno;

		free(output->temporary);
		output->temporary = NULL;
		return -error;
	}
	return open_stream(output, fd);
}

int output_write(struct output *output, const void *bytes, size_t length)
{
	errno = 0;
	if (length > 0 && fwrite(bytes, 1, length, output->stream) != length)
		return errno ? -errno : -EIO;
	output->length += length;
	return 0;
}

int output_zeros(struct output *output, unsigned count)
{
	static const char zeros[CPIO_BLOCK_BYTES];

	return output_write(output, zeros, count);
}

/* The new name is on the disk too; file systems that cannot do this have no need to. */
static void sync_folder(const char *path)
{
	cleanup_free char *folder = NULL;
	cleanup_close int fd = -1;

	if (asprintf(&folder, "./%.*s", (int)folder_length(path), path) < 0)
		folder = NULL;
	else
		fd = open(folder + (path[0] == '/' ? 2 : 0),
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

static int close_stream(struct output *output, int r)
{
	FILE *stream = output->stream;

	output->stream = NULL;
	if (!stream)
		return r;
	if (r == 0 && fflush(stream) != 0)
		r = -errno;
	if (r == 0 && output->temporary && fsync(fileno(stream)) < 0)
		r = -errno;
	if (fclose(stream) != 0 && r == 0)
		r = -errno;
	return r;
}

int output_end(struct output *output, int r)
{
	r = close_stream(output, r);
	if (!output->temporary)
		return r;
	if (r == 0 && rename(output->temporary, output->path) < 0)
		r = -errno;
	if (r == 0)
		sync_folder(output->path);
	else
		(void)unlink(output->temporary);
	free(output->temporary);
	output->temporary = NULL;
	return r;
}
