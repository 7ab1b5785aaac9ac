/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A config file with lines taken out and lines put behind its end; text in, text out.
 *
 * Every byte of every other line stays as it is, whatever it means, and lines are counted
 * as config_add_file() counts them: the rules of the result are those of the text without
 * the ones that stood on removed lines, and then the added ones. Where the last line has
 * no end it gets one before something is added. Added lines end as the last line of the
 * text does, which may be CR LF. A byte order mark stays, and where a line that
 * begins with its bytes becomes the first, the text gets one.
 */
#pragma once

#include <stddef.h>

struct config_edit {
	const unsigned *removed; /* numbers of lines from 1, in any order */
	size_t removed_count;
	const char *const *added; /* without their ends */
	size_t added_count;
};

/*
 * Returns 0, -ENOMEM, -EINVAL where a removed line is not there or an added one holds the
 * end of a line, or -EFBIG where the result is larger than CONFIG_FILE_BYTES_MAX.
 * *ret_text is allocated and has a NUL behind its end; the caller frees it.
 */
int config_edit(const char *text, size_t length, const struct config_edit *edit,
	char **ret_text, size_t *ret_length);
