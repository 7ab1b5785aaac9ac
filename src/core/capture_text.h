/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A capture: the files of one machine that this program reads, as one text to be looked
 * at and sent. The first line is its format and version:
 *
 *   vfio-early-capture 1
 *   [sys/devices/pci0000:00/0000:00:01.0]
 *   modalias = pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00
 *   driver -> ../../../bus/pci/drivers/e1000e
 *   [proc]
 *   swaps:
 *   	Filename	Type	Size	Used	Priority
 *
 * A directory in brackets holds what follows it: files of one line, links, and files of
 * many lines, each behind a tab; every line of a file ends with a newline. In names and
 * text \xNN is one byte. Empty lines and lines that begin with # are passed over.
 *
 * Paths are relative, without "." and "..". In a link's target ".." stands only at the
 * beginning and never leads out: a tree made of a capture holds all that it names.
 */
#pragma once

#include <stddef.h>

#define CAPTURE_MAGIC       "vfio-early-capture 1"
#define CAPTURE_BYTES_MAX   67108864
#define CAPTURE_CONTENT_MAX 1048576 /* of one file */
#define CAPTURE_PATH_MAX    512
#define CAPTURE_TEXT_MAX    8192 /* of one line, escapes undone */

struct capture_visitor {
	void *context;
	/* Each returns 0, or -errno to stop. Parents of PATH may not have been named. */
	int (*directory)(void *context, const char *path);
	int (*file)(void *context, const char *path, const char *bytes, size_t length);
	int (*link)(void *context, const char *path, const char *target);
};

/*
 * Hands every entry to VISITOR, in order. Returns 0, -EPROTONOSUPPORT (another format),
 * -EBADMSG (not of this form, or over a limit), -ENOMEM, or what the visitor returned;
 * then *ret_line is the line.
 */
int capture_parse(const char *text, size_t length, const struct capture_visitor *visitor,
	unsigned *ret_line);

/*
 * TEXT as it stands in a capture. A NAME has no spaces and does not begin as another kind
 * of line does. Both return the length, or -EFBIG where it does not fit into SIZE.
 */
int capture_escape_text(const char *text, size_t length, char *out, size_t size);
int capture_escape_name(const char *text, char *out, size_t size);
