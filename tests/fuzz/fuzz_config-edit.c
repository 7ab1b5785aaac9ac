/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first byte says how many lines are removed, the next ones which, one more how many
 * rules are added; the rest is the file. The edited file has the rules it had, without
 * those of the removed lines and with the added ones, and all other bytes; in front of
 * them is a byte order mark where there was one, or where they would begin with one.
 */
#include "core/config_edit.h"

#include "core/config.h"
#include "fuzz_check.h"

#include <errno.h>

#define REMOVED_MAX 8
#define MARK_LENGTH 3

static const char *const added[] = {
	"path=00:01.0/00.0 id=10de:2206 with=slot allow=network,storage  # a card",
	"keep path=0000:00:02.0  # it's \xc3\xa9",
	"id=8086:*",
};
#define ADDED_MAX (sizeof(added) / sizeof(added[0]))

static bool has(const struct config_edit *edit, unsigned line)
{
	for (size_t i = 0; i < edit->removed_count; i++)
		if (edit->removed[i] == line)
			return true;
	return false;
}

static bool begins_with_mark(const char *text, size_t length)
{
	return length >= MARK_LENGTH && memcmp(text, "\xef\xbb\xbf", MARK_LENGTH) == 0;
}

/* Every line that stays is found in AFTER, in its order; returns where they end. */
static size_t check_bytes(const char *before, size_t length,
	const struct config_edit *edit, const char *after, size_t after_length)
{
	size_t from = begins_with_mark(before, length) ? MARK_LENGTH : 0;
	size_t at = from;
	bool is_first = from == 0;

	CHECK(from == 0 || begins_with_mark(after, after_length));
	for (unsigned line = 1; from < length; line++) {
		const char *end = memchr(before + from, '\n', length - from);
		size_t whole = end ? (size_t)(end - before) + 1 - from : length - from;

		if (!has(edit, line)) {
			if (is_first && begins_with_mark(before + from, whole)) {
				CHECK(begins_with_mark(after, after_length));
				at = MARK_LENGTH;
			}
			is_first = false;
			CHECK(after_length - at >= whole);
			CHECK(memcmp(before + from, after + at, whole) == 0);
			at += whole;
		}
		from += whole;
	}
	return at;
}

static void check_rules(const struct config *before, const struct config *after,
	const struct config_edit *edit)
{
	struct config expected = {0};
	size_t count = 0;

	for (size_t i = 0; i < before->rule_count; i++) {
		if (has(edit, before->rules[i].source.line))
			continue;
		CHECK(count < after->rule_count);
		CHECK(rule_equal(&before->rules[i], &after->rules[count]));
		count++;
	}
	for (size_t i = 0; i < edit->added_count; i++)
		CHECK(config_add_file(&expected, "added", edit->added[i],
			      strlen(edit->added[i])) == 0);
	CHECK(after->rule_count == count + edit->added_count);
	for (size_t i = 0; i < edit->added_count; i++)
		CHECK(rule_equal(&expected.rules[i], &after->rules[count + i]));
	config_clear(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned removed[REMOVED_MAX];
	struct config_edit edit = {.removed = removed, .added = added};
	struct config before = {0}, after = {0};
	const char *text;
	char *edited = NULL;
	size_t length;
	int r;

	if (size < 1 || size < (size_t)(data[0] % REMOVED_MAX) + 2)
		return 0;
	edit.removed_count = data[0] % REMOVED_MAX;
	for (size_t i = 0; i < edit.removed_count; i++)
		removed[i] = data[i + 1];
	edit.added_count = data[edit.removed_count + 1] % (ADDED_MAX + 1);
	text = (const char *)data + edit.removed_count + 2;
	size -= edit.removed_count + 2;
	r = config_edit(text, size, &edit, &edited, &length);
	if (r < 0) {
		CHECK(r == -EINVAL || r == -EFBIG);
		return 0;
	}
	CHECK(edited[length] == '\0' && length <= CONFIG_FILE_BYTES_MAX);
	CHECK(check_bytes(text, size, &edit, edited, length) <= length);
	CHECK(config_add_file(&before, "before", text, size) == 0);
	CHECK(config_add_file(&after, "after", edited, length) == 0);
	if (!before.incomplete && !after.incomplete)
		check_rules(&before, &after, &edit);
	config_clear(&before);
	config_clear(&after);
	free(edited);
	return 0;
}
