/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of unknown origin made safe to print: control characters, quotes, backslashes and
 * everything outside printable ASCII become \xNN. Ends with "..." where SIZE is too
 * small. Returns the length written, the end of the string not counted.
 */
#pragma once

#include <stddef.h>

size_t quote_text(const char *text, size_t length, char *out, size_t size);

/*
 * The same for a whole message of ours, which may hold such text: keeps what UTF-8 allows
 * except control characters, so that a record stays one line of readable text.
 */
size_t escape_controls(const char *text, char *out, size_t size);
