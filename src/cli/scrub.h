/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes out of a text what tells one machine or its owner from others: hardware
 * addresses, UUIDs, volume ids, the host's name. Each is replaced by a stand-in, the same
 * one wherever it occurs, so that what belongs together still does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SCRUB_KNOWN_MAX 1024
#define SCRUB_TEXT_MAX  4096

enum scrub_kind {
	SCRUB_UUID,   /* 00000000-0000-0000-0000-000000000001 */
	SCRUB_VOLUME, /* 0000-0001, as vfat's */
	SCRUB_MAC,    /* 00:00:00:00:00:01, and 12 digits in enx000000000001 */
	SCRUB_NAME,   /* name1 */
	SCRUB_FOLDER, /* /removed/1 */
	SCRUB_SERIAL, /* 00-00-00-00-00-00-00-01 */
};

struct scrub {
	struct {
		enum scrub_kind kind;
		char *text;
	} known[SCRUB_KNOWN_MAX];
	unsigned count;
	char host[65];
};

/* HOST may be "". */
void scrub_begin(struct scrub *scrub, const char *host);
void scrub_end(struct scrub *scrub);

/* The stand-in of a whole text. */
void scrub_stand_in(struct scrub *scrub, enum scrub_kind kind, const char *text,
	char *out, size_t size);

/*
 * A copy of TEXT with stand-ins. The host's name is looked for only where FREE says that
 * people wrote the text: a name may be that of a driver as well. Cut at SIZE.
 */
void scrub_text(
	struct scrub *scrub, const char *text, bool free_text, char *out, size_t size);

/* A block device of /dev: kernel names stay, others are replaced. */
void scrub_device(struct scrub *scrub, const char *path, char *out, size_t size);

/* A mount point: those that every system has stay. */
void scrub_folder(struct scrub *scrub, const char *path, char *out, size_t size);

/* The kernel command line: values of parameters that are not known to be harmless go. */
void scrub_cmdline(struct scrub *scrub, const char *text, char *out, size_t size);

/* One line of the configuration: comments go, serial numbers are replaced. */
void scrub_config_line(struct scrub *scrub, const char *text, char *out, size_t size);

/* A message of this program: folders, volumes and labels in it are replaced as well. */
void scrub_message(struct scrub *scrub, const char *text, char *out, size_t size);
