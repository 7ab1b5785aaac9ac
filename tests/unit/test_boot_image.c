/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boot images of every make: each compression, several in one file, behind microcode. */
#include "cli/boot_image.h"

#include "core/cpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_MAX 262144
#define BIG_BYTES 100000
/* In the head of an entry. */
#define NAME_BYTES_AT 94

struct image {
	char bytes[IMAGE_MAX];
	size_t length;
};

struct seen {
	char text[1024]; /* "path=contents;" for each file, "path->target;" for a link */
	size_t big;      /* the bytes of the large file that were right */
};

static char big[BIG_BYTES];

static void append(struct image *image, const void *bytes, size_t length)
{
	assert_true(length <= IMAGE_MAX - image->length);
	memcpy(image->bytes + image->length, bytes, length);
	image->length += length;
}

static void append_zeros(struct image *image, size_t count)
{
	assert_true(count <= IMAGE_MAX - image->length);
	memset(image->bytes + image->length, 0, count);
	image->length += count;
}

static void add(struct image *image, const char *name, uint32_t mode, const char *bytes,
	size_t length)
{
	struct cpio_entry entry = {
		.name = name, .mode = mode, .inode = 1, .links = 1, .size = length};
	char head[CPIO_HEAD_BYTES_MAX];

	append(image, head, (size_t)cpio_head(&entry, head));
	append(image, bytes, length);
	append_zeros(image, cpio_padding(length));
}

/* An archive with one file, whose contents are its name in the test. */
static void add_archive(struct image *image, const char *name, const char *text)
{
	add(image, name, S_IFREG | 0644, text, strlen(text));
	add(image, CPIO_TRAILER, 0, "", 0);
}

/* What is in FROM, compressed by libarchive, which writes no .lzma of an unknown size. */
static void compress(struct image *image, const struct image *from, int filter)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert_int_equal(archive_write_add_filter(archive, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_raw(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_set_bytes_per_block(archive, 0), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(archive, image->bytes + image->length,
				 IMAGE_MAX - image->length, &used),
		ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, from->bytes, from->length),
		(int)from->length);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(archive);
	image->length += used;
}

static bool wants(void *context, const char *path)
{
	(void)context;
	return strncmp(path, "unwanted", 8) != 0;
}

static int entry(
	void *context, const char *path, bool is_link, const char *bytes, size_t length)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	if (length == BIG_BYTES) {
		seen->big += memcmp(bytes, big, length) == 0 ? length : 0;
		length = 0;
	}
	snprintf(seen->text + used, sizeof(seen->text) - used, "%s%s%.*s;", path,
		is_link ? "->" : "=", (int)length, bytes ? bytes : "");
	return 0;
}

static int read_image(const struct image *image, struct seen *seen, char *problem)
{
	const struct boot_image_visitor visitor = {
		.context = seen, .wants = wants, .entry = entry};
	/* Exactly so many bytes: what is read behind them is found. */
	char *bytes = malloc(image->length);
	int r;

	assert_non_null(bytes);
	memcpy(bytes, image->bytes, image->length);
	*seen = (struct seen){.big = 0};
	r = boot_image_read(bytes, image->length, &visitor, problem);
	free(bytes);
	return r;
}

static void expect(const struct image *image, const char *text)
{
	char problem[BOOT_IMAGE_PROBLEM_MAX];
	struct seen seen;

	if (read_image(image, &seen, problem) != 0)
		fail_msg("%s", problem);
	assert_string_equal(seen.text, text);
}

static struct image *new_image(void)
{
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	return image;
}

static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
	ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_LZMA, ARCHIVE_FILTER_LZ4, ARCHIVE_FILTER_ZSTD};

static void plain(void **state)
{
	struct image *image = new_image();

	(void)state;
	add(image, ".", S_IFDIR | 0755, "", 0);
	add(image, "./etc/one", S_IFREG | 0644, "1", 1);
	add(image, "unwanted", S_IFREG | 0644, "9", 1);
	add(image, "/two", S_IFLNK | 0777, "etc/one", 7);
	add(image, CPIO_TRAILER, 0, "", 0);
	append_zeros(image, 512);
	expect(image, ".=;etc/one=1;two->etc/one;");
	free(image);
}

/* The kernel takes one archive behind the other, with or without zeros between them. */
static void in_a_row(void **state)
{
	struct image *image = new_image();

	(void)state;
	add_archive(image, "a", "1");
	add_archive(image, "b", "2");
	append_zeros(image, 512);
	add_archive(image, "c", "3");
	expect(image, "a=1;b=2;c=3;");
	free(image);
}

static void every_compression(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct image *image = new_image(), *inner = new_image();

		add_archive(image, "microcode", "1");
		append_zeros(image, 512);
		add_archive(inner, "b", "2");
		append_zeros(inner, 512);
		add_archive(inner, "c", "3");
		compress(image, inner, filters[i]);
		expect(image, "microcode=1;b=2;c=3;");
		free(inner);
		free(image);
	}
}

/* As cat(1) and "vfio-early image --initrd" make them. */
static void compressed_in_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct image *image = new_image(), *inner = new_image();

		add_archive(inner, "b", "2");
		/* Of lz4 the kernel takes only the format of the next test. */
		if (filters[i] == ARCHIVE_FILTER_LZ4)
			append(image, inner->bytes, inner->length);
		else
			compress(image, inner, filters[i]);
		append_zeros(image, cpio_padding(image->length));
		add_archive(image, "c", "3");
		expect(image, "b=2;c=3;");
		free(inner);
		free(image);
	}
}

/* What lz4 -l makes of it, but that nothing is found to compress: one run of literals. */
static void compress_legacy(struct image *image, const struct image *from)
{
	static const unsigned char magic[] = {0x02, 0x21, 0x4c, 0x18}, token = 0xf0;
	static const unsigned char full = 0xff;
	size_t rest = from->length - 15, chunk = 1 + rest / 255 + 1 + from->length;
	unsigned char length[4] = {(unsigned char)chunk, (unsigned char)(chunk >> 8),
		(unsigned char)(chunk >> 16), 0};
	unsigned char last = (unsigned char)(rest % 255);

	append(image, magic, 4);
	append(image, length, 4);
	append(image, &token, 1);
	for (size_t i = 0; i < rest / 255; i++)
		append(image, &full, 1);
	append(image, &last, 1);
	append(image, from->bytes, from->length);
}

static void legacy_lz4(void **state)
{
	struct image *image = new_image(), *inner = new_image();

	(void)state;
	add_archive(image, "a", "1");
	add_archive(inner, "b", "2");
	compress_legacy(image, inner);
	expect(image, "a=1;b=2;");
	append_zeros(image, 4 + cpio_padding(image->length));
	add_archive(image, "c", "3");
	expect(image, "a=1;b=2;c=3;");
	free(inner);
	free(image);
}

/* Larger than the blocks in which a decompressor hands it out. */
static void large_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < BIG_BYTES; i++)
		big[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct image *image = new_image(), *inner = new_image();
		char problem[BOOT_IMAGE_PROBLEM_MAX];
		struct seen seen;

		add(inner, "big", S_IFREG | 0644, big, BIG_BYTES);
		add_archive(inner, "last", "1");
		compress(image, inner, filters[i]);
		assert_int_equal(read_image(image, &seen, problem), 0);
		assert_int_equal(seen.big, BIG_BYTES);
		assert_string_equal(seen.text, "big=;last=1;");
		free(inner);
		free(image);
	}
}

static void expect_problem(const struct image *image, const char *begins)
{
	char problem[BOOT_IMAGE_PROBLEM_MAX];
	struct seen seen;

	assert_int_equal(read_image(image, &seen, problem), -EBADMSG);
	if (strncmp(problem, begins, strlen(begins)) != 0)
		fail_msg("%s", problem);
}

static void damaged(void **state)
{
	struct image *image = new_image(), *inner = new_image();

	(void)state;
	append(image, "no image at all, but text", 25);
	expect_problem(image, "a part is neither an archive nor compressed");
	image->length = 0;
	append(image, "0707", 4);
	expect_problem(image, "an archive is damaged");
	image->length = 0;
	add_archive(image, "a", "1");
	memcpy(image->bytes + NAME_BYTES_AT, "FFFFFFF0", 8);
	expect_problem(image, "an archive is damaged");
	image->length = 0;
	append(inner, "text in place of an archive", 27);
	compress(image, inner, ARCHIVE_FILTER_ZSTD);
	expect_problem(image, "a compressed part holds something that is no archive");
	free(inner);
	free(image);
}

/* Whatever is missing at the end: an error or less of it, and nothing read behind it. */
static void cut_anywhere(void **state)
{
	struct image *image = new_image(), *inner = new_image();
	char problem[BOOT_IMAGE_PROBLEM_MAX];
	struct seen seen;

	(void)state;
	add_archive(image, "a", "1");
	add_archive(inner, "b", "2");
	compress(image, inner, ARCHIVE_FILTER_XZ);
	for (; image->length > 1; image->length--) {
		int r = read_image(image, &seen, problem);

		assert_true(r == 0 || (r == -EBADMSG && problem[0]));
	}
	free(inner);
	free(image);
}

static int no_memory(
	void *context, const char *path, bool is_link, const char *bytes, size_t length)
{
	(void)context;
	(void)path;
	(void)is_link;
	(void)bytes;
	(void)length;
	return -ENOMEM;
}

static void visitor_fails(void **state)
{
	const struct boot_image_visitor visitor = {.wants = wants, .entry = no_memory};
	struct image *image = new_image();
	char problem[BOOT_IMAGE_PROBLEM_MAX];

	(void)state;
	add_archive(image, "a", "1");
	assert_int_equal(
		boot_image_read(image->bytes, image->length, &visitor, problem), -ENOMEM);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(in_a_row),
		cmocka_unit_test(every_compression),
		cmocka_unit_test(compressed_in_a_row),
		cmocka_unit_test(legacy_lz4),
		cmocka_unit_test(large_file),
		cmocka_unit_test(damaged),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(visitor_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
