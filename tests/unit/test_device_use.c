/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/device_use.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The function asked about is 02:00.0, everything else is elsewhere. */
#define HERE      "pci0000:00/0000:00:1c.0/0000:02:00.0"
#define ELSEWHERE "pci0000:00/0000:00:17.0"
#define HERE_SDA  HERE "/ata1/host0/target0:0:0/0:0:0:0/block/sda"
#define ELSE_SDB  ELSEWHERE "/ata2/host1/target1:0:0/1:0:0:0/block/sdb"

#define STORAGE  0x010601
#define USB      0x0c0330
#define ETHERNET 0x020000
#define AUDIO    0x040300

static struct fake fake;
static struct pci_function function;
static struct device_uses uses;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

static enum use use_of(uint32_t class_code)
{
	function = (struct pci_function){
		.address = address_of("02:00.0"), .class_code = class_code};
	uses = device_uses_of(fake.root);
	device_uses_find(&uses, &function);
	device_uses_clear(&uses);
	if (function.use == USE_BUSY || function.use == USE_UNKNOWN)
		assert_string_not_equal(function.use_text, "");
	return function.use;
}

static void add_disks(void)
{
	fake_block(&fake, HERE_SDA, "8:0");
	fake_block(&fake, HERE_SDA "/sda1", "8:1");
	fake_block(&fake, ELSE_SDB, "8:16");
	fake_block(&fake, ELSE_SDB "/sdb1", "8:17");
	fake_file(&fake, "proc/self/mountinfo",
		"21 1 8:17 / / rw,relatime - ext4 /dev/sdb1 rw\n"
		"22 21 0:20 / /proc rw - proc proc rw\n");
}

static bool is_below(const char *link, const char *address_text)
{
	const struct pci_address address = address_of(address_text);
	struct class_links links = {.count = 1};
	bool below;

	assert_int_equal(class_links_add(&links, link), 0);
	below = class_links_first(&links, &address) < links.pass_count;
	class_links_clear(&links);
	return below;
}

static void test_link_is_below(void **state)
{
	(void)state;
	assert_true(is_below("../../devices/" HERE_SDA, "02:00.0"));
	assert_false(is_below("../../devices/" ELSE_SDB, "02:00.0"));
	/* The function itself is not below itself; a longer domain is another one. */
	assert_false(is_below("../../devices/" HERE, "02:00.0"));
	assert_false(is_below(
		"../../devices/pci10000:00/10000:02:00.0/nvme/nvme0", "02:00.0"));
	assert_true(is_below(
		"../../devices/pci10000:00/10000:02:00.0/nvme/nvme0", "10000:02:00.0"));
}

/* One reading for many functions; each finds its own, and what is below a bridge as well.
 */
static void test_class_links(void **state)
{
	static const char *const here[] = {"sda", "sda1"};
	struct pci_address address = address_of("02:00.0");
	struct class_links links;
	size_t first;
	bool found[2] = {false, false};

	(void)state;
	add_disks();
	fake_link(&fake, "sys/class/block/other", "../../devices/platform/other");
	assert_int_equal(
		class_links_read(fake.root, "sys/class/block", "", NULL, &links), 0);
	assert_int_equal(links.error, 0);
	assert_int_equal(links.count, 5);
	first = class_links_first(&links, &address);
	assert_true(first + 1 < links.pass_count);
	for (size_t i = first; i < first + 2; i++)
		for (size_t j = 0; j < 2; j++)
			found[j] |= strcmp(links.entries[links.passes[i].entry].name,
					    here[j]) == 0;
	assert_true(found[0] && found[1]);
	assert_true(first + 2 == links.pass_count ||
		    pci_address_compare(&links.passes[first + 2].address, &address) != 0);
	address = address_of("00:1c.0");
	assert_true(class_links_first(&links, &address) < links.pass_count);
	address = address_of("03:00.0");
	assert_int_equal(class_links_first(&links, &address), links.pass_count);
	class_links_clear(&links);
	/* No such class in this kernel; something in its place that cannot be read. */
	assert_int_equal(
		class_links_read(fake.root, "sys/class/none", "", NULL, &links), 0);
	assert_int_equal(links.error, 0);
	fake_file(&fake, "sys/class/none", "");
	assert_int_equal(
		class_links_read(fake.root, "sys/class/none", "", NULL, &links), 0);
	assert_int_equal(links.error, -ENOTDIR);
	class_links_clear(&links);
}

static void test_idle(void **state)
{
	(void)state;
	add_disks();
	assert_int_equal(use_of(STORAGE), USE_IDLE);
	assert_string_equal(function.use_text, "");
	assert_int_equal(use_of(USB), USE_IDLE);
	fake_remove(&fake, "sys/class/block");
	assert_int_equal(use_of(AUDIO), USE_IDLE);
}

static void test_mounted(void **state)
{
	(void)state;
	add_disks();
	fake_file(&fake, "proc/self/mountinfo",
		"21 1 8:17 / / rw - ext4 /dev/sdb1 rw\n"
		"36 21 8:1 / /data rw,noatime master:1 - ext4 /dev/sda1 rw,errors=x\n");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_string_equal(function.use_text, "sda1 is mounted");
	assert_int_equal(use_of(USB), USE_BUSY);
	/* Other numbers that only begin or end alike. */
	fake_file(&fake, "proc/self/mountinfo",
		"36 21 8:11 / /a rw - ext4 x rw\n37 21 18:1 / /b rw - ext4 y rw\n");
	assert_int_equal(use_of(STORAGE), USE_IDLE);
	/* Without the number it is not known, so it counts as mounted. */
	fake_remove(&fake, "sys/devices/" HERE_SDA "/sda1/dev");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
}

/* btrfs has a device number of its own: only the source and sysfs name the disk. */
static void test_mounted_btrfs(void **state)
{
	(void)state;
	add_disks();
	fake_file(&fake, "proc/self/mountinfo",
		"21 1 8:17 / / rw - ext4 /dev/sdb1 rw\n"
		"36 21 0:45 / /data rw,noatime - btrfs /dev/sda1 rw,subvol=/\n");
	fake_link(&fake, "sys/fs/btrfs/0a5b/devices/sda1",
		"../../../../devices/" HERE_SDA "/sda1");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_contains(function.use_text, "sda1");
}

/* The second disk of a btrfs is not the source of the mount. */
static void test_mounted_btrfs_member(void **state)
{
	(void)state;
	add_disks();
	fake_file(&fake, "proc/self/mountinfo",
		"36 1 0:45 / /data rw,noatime - btrfs /dev/sdb1 rw,subvol=/\n");
	fake_link(&fake, "sys/fs/btrfs/0a5b/devices/sda1",
		"../../../../devices/" HERE_SDA "/sda1");
	fake_link(&fake, "sys/fs/btrfs/0a5b/devices/sdb1",
		"../../../../devices/" ELSE_SDB "/sdb1");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_contains(function.use_text, "sda1");
}

static void test_swap(void **state)
{
	static const char head[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
	char text[256];

	(void)state;
	add_disks();
	snprintf(text, sizeof(text),
		"%s/dev/sda1                               partition\t9\t0\n", head);
	fake_file(&fake, "proc/swaps", text);
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_string_equal(function.use_text, "sda1 is in use as swap");
	snprintf(text, sizeof(text), "%s/dev/sda11     partition\t9\t0\n", head);
	fake_file(&fake, "proc/swaps", text);
	assert_int_equal(use_of(STORAGE), USE_IDLE);
}

static void test_held(void **state)
{
	(void)state;
	add_disks();
	fake_link(&fake, "sys/devices/" HERE_SDA "/sda1/holders/dm-0",
		"../../../../../../../../../../virtual/block/dm-0");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_string_equal(function.use_text, "sda1 is in use by another block device");
}

static void test_mounts_unreadable(void **state)
{
	(void)state;
	add_disks();
	fake_remove(&fake, "proc/self/mountinfo");
	assert_int_equal(use_of(STORAGE), USE_UNKNOWN);
	assert_int_equal(use_of(ETHERNET), USE_UNKNOWN);
	fake_bytes(&fake, "proc/self/mountinfo", 2 * 1024 * 1024, '\n');
	assert_int_equal(use_of(STORAGE), USE_UNKNOWN);
	fake_file(&fake, "proc/self/mountinfo", "");
	fake_remove(&fake, "sys/class/block");
	fake_file(&fake, "sys/class/block", "");
	assert_int_equal(use_of(STORAGE), USE_UNKNOWN);
}

/* With native multipath a namespace is below the subsystem, not below its controller. */
static void test_multipath(void **state)
{
	(void)state;
	fake_subsystem(&fake, "nvme-subsys0", HERE "/nvme/nvme0");
	fake_block(&fake, "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
	fake_block(
		&fake, "virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1", "259:1");
	fake_block(&fake, ELSE_SDB, "8:16");
	fake_block(&fake, ELSE_SDB "/sdb1", "8:17");
	assert_int_equal(use_of(STORAGE), USE_IDLE);
	fake_file(&fake, "proc/self/mountinfo", "36 1 259:1 / /data rw - ext4 x rw\n");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_string_equal(function.use_text, "nvme0n1p1 is mounted");
}

/* The paths of multipath are in /sys/class/block as well, hidden and without a number. */
static void test_hidden_path(void **state)
{
	(void)state;
	fake_subsystem(&fake, "nvme-subsys0", HERE "/nvme/nvme0");
	fake_block(&fake, "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
	fake_block(&fake, HERE "/nvme/nvme0/nvme0c0n1", "259:7");
	fake_remove(&fake, "sys/devices/" HERE "/nvme/nvme0/nvme0c0n1/dev");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	fake_file(&fake, "sys/devices/" HERE "/nvme/nvme0/nvme0c0n1/hidden", "0\n");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	fake_file(&fake, "sys/devices/" HERE "/nvme/nvme0/nvme0c0n1/hidden", "1\n");
	assert_int_equal(use_of(STORAGE), USE_IDLE);
	fake_file(&fake, "proc/self/mountinfo", "36 1 259:0 / /data rw - ext4 x rw\n");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_string_equal(function.use_text, "nvme0n1 is mounted");
}

/* The same, with the root file system on a subsystem of another controller. */
static void test_multipath_elsewhere(void **state)
{
	(void)state;
	fake_block(&fake, HERE_SDA, "8:0");
	fake_subsystem(&fake, "nvme-subsys1", ELSEWHERE "/nvme/nvme1");
	fake_block(&fake, "virtual/nvme-subsystem/nvme-subsys1/nvme1n1", "259:0");
	fake_file(&fake, "proc/self/mountinfo", "36 1 259:0 / / rw - ext4 x rw\n");
	assert_int_equal(use_of(STORAGE), USE_IDLE);
}

static void test_network(void **state)
{
	static const struct {
		const char *flags;
		enum use use;
	} rows[] = {{"0x1003", USE_BUSY}, {"0x1002", USE_IDLE}, {"0x1", USE_BUSY},
		{"0x0", USE_IDLE}, {"", USE_BUSY}, {"nonsense", USE_BUSY}};

	(void)state;
	fake_interface(&fake, ELSEWHERE "/net/eth1", "0x1003");
	fake_interface(&fake, "virtual/net/lo", "0x9");
	assert_int_equal(use_of(ETHERNET), USE_IDLE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_interface(&fake, HERE "/net/eth0", rows[i].flags);
		assert_int_equal(use_of(ETHERNET), rows[i].use);
		if (rows[i].use == USE_BUSY)
			assert_string_equal(
				function.use_text, "network interface eth0 is up");
		fake_remove(&fake, "sys/class/net/eth0");
	}
	/* Down, and one more that is up. */
	fake_interface(&fake, HERE "/net/eth0", "0x1002");
	fake_interface(&fake, HERE "/net/eth2", "0x1003");
	assert_int_equal(use_of(ETHERNET), USE_BUSY);
	fake_remove(&fake, "sys/devices/" HERE "/net/eth2/flags");
	assert_int_equal(use_of(ETHERNET), USE_BUSY);
}

static void test_sound(void **state)
{
	static const struct {
		const char *target;
		enum use use;
	} rows[] = {{"/dev/snd/controlC1", USE_BUSY}, {"/dev/snd/pcmC1D0p", USE_BUSY},
		{"/dev/snd/hwC1D0", USE_BUSY}, {"/dev/snd/controlC0", USE_IDLE},
		{"/dev/snd/pcmC10D1p", USE_IDLE}, {"/dev/snd/controlC11", USE_IDLE},
		{"/dev/snd/timer", USE_IDLE}, {"/dev/sda", USE_IDLE},
		{"socket:[77]", USE_IDLE}};

	(void)state;
	fake_card(&fake, ELSEWHERE "/sound/card0");
	fake_card(&fake, HERE "/sound/card1");
	fake_card(&fake, HERE "/sound/card1/controlC1");
	fake_open_file(&fake, 1, 0, "/dev/null");
	fake_directory(&fake, "proc/irq/1");
	fake_directory(&fake, "proc/77");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_open_file(&fake, 4711, 12, rows[i].target);
		assert_int_equal(use_of(AUDIO), rows[i].use);
		if (rows[i].use == USE_BUSY)
			assert_string_equal(function.use_text,
				"process 4711 has its sound device open");
		fake_remove(&fake, "proc/4711");
	}
}

/* Text from the machine cannot run over the room there is for it. */
static void test_long_names(void **state)
{
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), HERE "/block/%0100d", 7);
	fake_block(&fake, path, "8:1");
	fake_file(&fake, "proc/self/mountinfo", "36 1 8:1 / /data rw - ext4 x rw\n");
	assert_int_equal(use_of(STORAGE), USE_BUSY);
	assert_contains(function.use_text, "is mounted");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_link_is_below),
		test(test_class_links),
		test(test_idle),
		test(test_mounted),
		test(test_mounted_btrfs),
		test(test_mounted_btrfs_member),
		test(test_swap),
		test(test_held),
		test(test_mounts_unreadable),
		test(test_multipath),
		test(test_hidden_path),
		test(test_multipath_elsewhere),
		test(test_network),
		test(test_sound),
		test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
