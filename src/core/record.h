/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of records, one a line, as the report and the image facts have it: words divided
 * by one space, most of them KEY=VALUE. In a value white space, '%' and everything
 * outside printable ASCII is %XX; NUL cannot occur. What was printed reads back the same.
 *
 * Readers return 0 or a negative errno; outputs are written only on success.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows; after a failed allocation it stays failed. */
struct record_text {
	char *bytes;
	size_t used;
	size_t size;
	bool failed;
};

/* At most 255 bytes at a time. */
__attribute__((format(printf, 2, 3))) void record_add(
	struct record_text *text, const char *format, ...);

/* The same without a format, for what there is much of. */
void record_add_bytes(struct record_text *text, const char *bytes, size_t length);
void record_add_number(struct record_text *text, uint64_t number);

/* KEY=VALUE, the value escaped. */
void record_add_value(struct record_text *text, const char *key, const char *value);

/* The text as a string, or NULL where memory ran out. The caller frees it. */
char *record_finish(struct record_text *text);

/* A part of a text that is being read. */
struct span {
	const char *text;
	size_t length;
};

/* The next part of *REST that ends with END; false where nothing is left. */
bool span_next(struct span *rest, char end, struct span *ret_part);

/* Divides KEY=VALUE; false without '='. */
bool span_divide(struct span word, struct span *ret_key, struct span *ret_value);

bool span_is(struct span span, const char *text);

int span_unsigned(struct span value, unsigned base, unsigned max, unsigned *ret);

/* Undoes the escapes of a value. -EBADMSG for what record_add_value() does not write, and
 * where OUT is too small; OUT is undefined then. */
int span_text(struct span value, char *out, size_t size);
