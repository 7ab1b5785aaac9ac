/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include "number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of UINT64_MAX. */
#define NUMBER_DIGITS_MAX 20

static bool reserve(struct record_text *text, size_t more)
{
	size_t size = text->size ? text->size : 1024;
	char *bytes;

	if (text->failed)
		return false;
	while (size < text->used + more + 1)
		size *= 2;
	if (size == text->size)
		return true;
	bytes = realloc(text->bytes, size);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->size = size;
	return true;
}

void record_add_bytes(struct record_text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	text->bytes[text->used] = '\0';
}

void record_add_number(struct record_text *text, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	record_add_bytes(text, digits + at, sizeof(digits) - at);
}

void record_add(struct record_text *text, const char *format, ...)
{
	char piece[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(piece)) {
		text->failed = true;
		return;
	}
	record_add_bytes(text, piece, (size_t)length);
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c <= '~' && c != '%';
}

void record_add_value(struct record_text *text, const char *key, const char *value)
{
	record_add_bytes(text, key, strlen(key));
	record_add_bytes(text, "=", 1);
	while (*value) {
		size_t plain = 0;

		while (is_plain((unsigned char)value[plain]))
			plain++;
		record_add_bytes(text, value, plain);
		value += plain;
		if (*value)
			record_add(text, "%%%02x", (unsigned char)*value++);
	}
}

char *record_finish(struct record_text *text)
{
	if (text->failed) {
		free(text->bytes);
		text->bytes = NULL;
	}
	return text->bytes;
}

bool span_next(struct span *rest, char end, struct span *ret_part)
{
	const char *stop;

	if (rest->length == 0)
		return false;
	stop = memchr(rest->text, end, rest->length);
	ret_part->text = rest->text;
	ret_part->length = stop ? (size_t)(stop - rest->text) : rest->length;
	rest->text += ret_part->length + (stop ? 1 : 0);
	rest->length -= ret_part->length + (stop ? 1 : 0);
	return true;
}

bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.length && memcmp(text, span.text, span.length) == 0;
}

int span_unsigned(struct span value, unsigned base, unsigned max, unsigned *ret)
{
	uint64_t number;
	int r = number_parse(value.text, value.length, base, max, &number);

	if (r == 0)
		*ret = (unsigned)number;
	return r;
}

int span_text(struct span value, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < value.length; i++) {
		unsigned byte = (unsigned char)value.text[i];

		if (value.text[i] == '%') {
			if (value.length - i < 3 ||
				span_unsigned((struct span){value.text + i + 1, 2}, 16,
					0xff, &byte) < 0 ||
				byte == 0)
				return -EBADMSG;
			i += 2;
		} else if (!is_plain((unsigned char)value.text[i])) {
			return -EBADMSG;
		}
		if (used + 1 >= size)
			return -EBADMSG;
		out[used++] = (char)byte;
	}
	out[used] = '\0';
	return 0;
}

bool span_divide(struct span word, struct span *ret_key, struct span *ret_value)
{
	const char *equals = memchr(word.text, '=', word.length);

	if (!equals)
		return false;
	*ret_key = (struct span){word.text, (size_t)(equals - word.text)};
	*ret_value = (struct span){equals + 1, word.length - ret_key->length - 1};
	return true;
}
