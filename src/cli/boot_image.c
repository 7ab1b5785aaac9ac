/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_image.h"

#include "scan/cleanup.h"
#include "stream_end.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of blocks: the whole image, or what comes out of a decompressor. */
struct feed {
	const char *at; /* what is left of the present block */
	size_t left;
	struct archive *source; /* of the next block; NULL: there is none */
};

struct reading {
	const struct boot_image_visitor *visitor;
	char *problem;
};

/* Also where libarchive has no memory: for a length that is damaged nobody has. */
static int fail(struct reading *reading, struct archive *archive, const char *what)
{
	const char *why = archive ? archive_error_string(archive) : NULL;

	snprintf(reading->problem, BOOT_IMAGE_PROBLEM_MAX, "%s%s%s", what,
		why ? ": " : "", why ? why : "");
	return -EBADMSG;
}

/* Returns 1 with something in the present block, 0 at the end, -EBADMSG or -ENOMEM. */
static int fill(struct reading *reading, struct feed *feed)
{
	const void *block;
	la_int64_t offset;
	int r;

	while (feed->left == 0) {
		if (!feed->source)
			return 0;
		r = archive_read_data_block(feed->source, &block, &feed->left, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_WARN)
			return fail(
				reading, feed->source, "a compressed part is damaged");
		feed->at = block;
	}
	return 1;
}

/* For libarchive: the block that is handed out, and how much was in all. */
struct supply {
	struct reading *reading;
	struct feed *feed;
	uint64_t handed;
	int error;
};

static la_ssize_t give(struct archive *archive, void *context, const void **ret_block)
{
	struct supply *supply = context;
	struct feed *feed = supply->feed;
	int r = fill(supply->reading, feed);
	size_t length = feed->left;

	if (r < 0) {
		supply->error = r;
		archive_set_error(archive, EIO, "%s", supply->reading->problem);
		return ARCHIVE_FATAL;
	}
	if (r == 0)
		return 0;
	*ret_block = feed->at;
	feed->at += length;
	feed->left = 0;
	supply->handed += length;
	return (la_ssize_t)length;
}

/* What was handed out and not needed is next: it lies at the end of the last block. */
static void take_back(struct supply *supply, struct archive *archive)
{
	la_int64_t used = archive_filter_bytes(archive, -1);
	uint64_t rest = used < 0 ? 0 : supply->handed - (uint64_t)used;

	supply->feed->at -= rest;
	supply->feed->left += rest;
}

static const char *plain_path(const char *path)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return path;
}

static int read_contents(
	struct reading *reading, struct archive *archive, const char *path, size_t length)
{
	cleanup_free char *bytes = malloc(length + 1);
	size_t have = 0;

	if (!bytes)
		return -ENOMEM;
	while (have < length) {
		la_ssize_t n = archive_read_data(archive, bytes + have, length - have);

		if (n < 0)
			return fail(reading, archive, "an archive is damaged");
		if (n == 0)
			return fail(reading, NULL, "an archive ends in a file");
		have += (size_t)n;
	}
	return reading->visitor->entry(
		reading->visitor->context, path, false, bytes, length);
}

static int read_entry(
	struct reading *reading, struct archive *archive, struct archive_entry *entry)
{
	const struct boot_image_visitor *visitor = reading->visitor;
	const char *name = archive_entry_pathname(entry), *target;
	la_int64_t size = archive_entry_size(entry);

	name = name ? plain_path(name) : "";
	if (!visitor->wants(visitor->context, name))
		return 0;
	target = archive_entry_symlink(entry);
	if (target)
		return visitor->entry(
			visitor->context, name, true, target, strlen(target));
	if (archive_entry_filetype(entry) != AE_IFREG || size < 0 ||
		size > BOOT_IMAGE_FILE_MAX)
		return visitor->entry(visitor->context, name, false, NULL, 0);
	return read_contents(reading, archive, name, (size_t)size);
}

static int read_entries(
	struct reading *reading, struct archive *archive, struct supply *supply)
{
	struct archive_entry *entry = NULL;
	int r = archive_read_open(archive, supply, NULL, give, NULL);

	if (r == ARCHIVE_OK)
		r = archive_read_next_header(archive, &entry);
	while (r >= ARCHIVE_WARN && r != ARCHIVE_EOF) {
		int error = read_entry(reading, archive, entry);

		if (error < 0)
			return supply->error ? supply->error : error;
		r = archive_read_next_header(archive, &entry);
	}
	if (supply->error)
		return supply->error;
	return r == ARCHIVE_EOF ? 0 : fail(reading, archive, "an archive is damaged");
}

/* One archive: up to its trailer, behind which the feed goes on. */
static int read_archive(struct reading *reading, struct feed *feed)
{
	struct archive *archive = archive_read_new();
	struct supply supply = {.reading = reading, .feed = feed};
	int r;

	if (!archive)
		return -ENOMEM;
	archive_read_support_format_cpio(archive);
	r = read_entries(reading, archive, &supply);
	if (r == 0)
		take_back(&supply, archive);
	archive_read_free(archive);
	return r;
}

static int read_compressed(struct reading *reading, struct feed *feed);

static int read_row(struct reading *reading, struct feed *feed)
{
	int r;

	while ((r = fill(reading, feed)) > 0) {
		if (*feed->at == '\0') {
			feed->at++;
			feed->left--;
			continue;
		}
		if (*feed->at == '0')
			r = read_archive(reading, feed);
		else if (!feed->source)
			r = read_compressed(reading, feed);
		else
			r = fail(reading, NULL,
				"a compressed part holds something that is no archive");
		if (r < 0)
			break;
	}
	return r;
}

static struct archive *new_decompressor(void)
{
	struct archive *archive = archive_read_new();

	if (!archive)
		return NULL;
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_raw(archive);
	return archive;
}

static int read_decompressed(
	struct reading *reading, struct archive *archive, struct supply *supply)
{
	struct archive_entry *entry = NULL;
	struct feed inner = {.source = archive};
	int r = archive_read_open(archive, supply, NULL, give, NULL);

	if (r == ARCHIVE_OK)
		r = archive_read_next_header(archive, &entry);
	if (r != ARCHIVE_OK)
		return fail(reading, archive, "a compressed part is damaged");
	if (archive_filter_code(archive, 0) == ARCHIVE_FILTER_NONE)
		return fail(reading, NULL,
			"a part is neither an archive nor compressed in a way that is "
			"known here");
	return read_row(reading, &inner);
}

static int read_part(struct reading *reading, struct feed *feed)
{
	struct archive *archive = new_decompressor();
	struct supply supply = {.reading = reading, .feed = feed};
	size_t before = feed->left;
	int r;

	if (!archive)
		return -ENOMEM;
	r = read_decompressed(reading, archive, &supply);
	if (r == 0)
		take_back(&supply, archive);
	if (r == 0 && feed->left == before)
		r = fail(reading, NULL, "a compressed part is empty");
	archive_read_free(archive);
	return r;
}

static int read_compressed(struct reading *reading, struct feed *feed)
{
	struct feed part = {.at = feed->at, .left = stream_end(feed->at, feed->left)};
	size_t before = part.left;
	int r = read_part(reading, &part);

	feed->at += before - part.left;
	feed->left -= before - part.left;
	return r;
}

int boot_image_read(const void *bytes, size_t length,
	const struct boot_image_visitor *visitor, char problem[BOOT_IMAGE_PROBLEM_MAX])
{
	struct reading reading = {.visitor = visitor, .problem = problem};
	struct feed feed = {.at = bytes, .left = length};

	problem[0] = '\0';
	return read_row(&reading, &feed);
}
