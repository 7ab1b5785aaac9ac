/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of a ZFS pool, which nothing but their labels tells: files as long as the
 * smallest device, with a label as ZFS writes it, which the real libblkid reads.
 */
#include "scan/host_needs.h"

#include "fake_host.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICE_BYTES   (64L << 20)
#define LABEL_BYTES    262144L
#define PAIRS_AT       16384L
#define UBERBLOCKS_AT  131072L
#define UBERBLOCK_STEP 1024L
#define UBERBLOCKS     8
#define UBERBLOCK      UINT64_C(0x00bab10c)
#define TYPE_NUMBER    8
#define TYPE_TEXT      9

/* A list of names and values in XDR, as far as it is written. */
struct pairs {
	unsigned char bytes[1024];
	size_t used;
};

static void put(struct pairs *pairs, uint32_t number)
{
	number = htobe32(number);
	memcpy(pairs->bytes + pairs->used, &number, sizeof(number));
	pairs->used += sizeof(number);
}

static void put_text(struct pairs *pairs, const char *text)
{
	size_t length = strlen(text);

	put(pairs, (uint32_t)length);
	memcpy(pairs->bytes + pairs->used, text, length);
	pairs->used += (length + 3) / 4 * 4;
}

static void begin_pair(
	struct pairs *pairs, const char *name, uint32_t type, size_t value_bytes)
{
	size_t bytes = 12 + (strlen(name) + 3) / 4 * 4 + 8 + value_bytes;

	put(pairs, (uint32_t)bytes);
	put(pairs, (uint32_t)bytes);
	put_text(pairs, name);
	put(pairs, type);
	put(pairs, 1);
}

static void put_number(struct pairs *pairs, const char *name, uint64_t number)
{
	begin_pair(pairs, name, TYPE_NUMBER, 8);
	put(pairs, (uint32_t)(number >> 32));
	put(pairs, (uint32_t)number);
}

static void put_name(struct pairs *pairs, const char *name, const char *text)
{
	begin_pair(pairs, name, TYPE_TEXT, 4 + (strlen(text) + 3) / 4 * 4);
	put_text(pairs, text);
}

static void write_at(int fd, const void *bytes, size_t length, off_t at)
{
	assert_int_equal(pwrite(fd, bytes, length, at), length);
}

/* The first two of its four labels. */
static void member(const char *device, const char *pool, uint64_t guid)
{
	/* The encoding is XDR, by a machine of little endian; the version; one name each.
	 */
	struct pairs pairs = {.bytes = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, .used = 12};
	const uint64_t uberblock = UBERBLOCK;
	char path[64];
	int fd;

	put_number(&pairs, "version", 5000);
	put_name(&pairs, "name", pool);
	put_number(&pairs, "state", 0);
	put_number(&pairs, "txg", 4);
	put_number(&pairs, "pool_guid", 77);
	put_number(&pairs, "guid", guid);
	snprintf(path, sizeof(path), "dev/%s", device);
	fake_file(&fake, path, "");
	fd = openat(fake.root, path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, DEVICE_BYTES), 0);
	for (off_t label = 0; label < 2 * LABEL_BYTES; label += LABEL_BYTES) {
		write_at(fd, pairs.bytes, sizeof(pairs.bytes), label + PAIRS_AT);
		for (off_t i = 0; i < UBERBLOCKS; i++)
			write_at(fd, &uberblock, sizeof(uberblock),
				label + UBERBLOCKS_AT + i * UBERBLOCK_STEP);
	}
	close(fd);
}

static void disks(void)
{
	host_block(HBA "/ata1/block/sda", "8:0");
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block(NVME2 "/nvme/nvme1/nvme1n1", "259:1");
	member("sda", "rpool", 1);
	member("nvme0n1", "tank", 2);
	member("nvme1n1", "rpool", 3);
}

static void test_mounted(void **state)
{
	(void)state;
	disks();
	host_mounts("27 1 0:25 / / rw - zfs rpool/ROOT/debian rw\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (rpool/ROOT/debian);"
				"root@02:00.0 carries / (rpool/ROOT/debian);");
	host_mounts("27 1 0:25 / / rw - zfs rpool/ROOT rw\n"
		    "28 27 0:26 / /boot rw - zfs tank/boot rw\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (rpool/ROOT);"
				"root@02:00.0 carries / (rpool/ROOT);"
				"disk@01:00.0 carries /boot (tank/boot);");
}

/* A pool of which no member is there is not known. */
static void test_missing(void **state)
{
	(void)state;
	disks();
	host_mounts("27 1 0:25 / / rw - zfs rpools/ROOT rw\n");
	host_expect(ROOT_UNKNOWN, "");
}

static void test_cmdline(void **state)
{
	(void)state;
	disks();
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	host_cmdline("root=ZFS=tank/ROOT");
	/* Whether that is all of the pool is not known: so every other disk needs
	 * consent. */
	host_expect(ROOT_UNSEEN, "root@01:00.0 carries / (UUID=77);");
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_mounted),
		test(test_missing),
		test(test_cmdline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
