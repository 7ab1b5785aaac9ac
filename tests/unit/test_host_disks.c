/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host needs of its disks, on fake machines: every layering, and every gap. */
#include "scan/host_needs.h"

#include "fake_host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXT4(number, device) "27 1 " number " / / rw,relatime - ext4 " device " rw\n"

static void plain(void)
{
	host_block(HBA "/ata1/block/sda", "8:0");
	host_block(HBA "/ata1/block/sda/sda1", "8:1");
	host_mounts(EXT4("8:1", "/dev/sda1"));
}

static void test_plain(void **state)
{
	(void)state;
	plain();
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);");
}

/* The device's number counts, whatever the source is called. */
static void test_dev_root(void **state)
{
	(void)state;
	plain();
	host_mounts(EXT4("8:1", "/dev/root"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/root);");
}

static void test_usr_boot_and_the_rest(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block(NVME2 "/nvme/nvme1/nvme1n1", "259:1");
	host_mounts(EXT4(
		"8:1", "/dev/sda1") "28 27 259:0 / /usr ro - ext4 /dev/nvme0n1 ro\n"
				    "29 27 259:1 / /boot/efi rw - vfat /dev/nvme1n1 rw\n"
				    "30 27 259:1 / /srv rw - vfat /dev/nvme1n1 rw\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);"
				"root@01:00.0 carries /usr (/dev/nvme0n1);"
				"disk@02:00.0 carries /boot/efi (/dev/nvme1n1);");
}

/* A file system with a number of its own; and what is on no disk at all. */
static void test_boot_on_btrfs(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	fake_link(&fake, "sys/fs/btrfs/0c0ffee0/devices/nvme0n1",
		"../../../../devices/" NVME1 "/nvme/nvme0/nvme0n1");
	host_mounts(EXT4(
		"8:1", "/dev/sda1") "28 27 0:31 / /boot rw - btrfs /dev/nvme0n1 rw\n"
				    "29 28 0:32 / /boot/efi rw - autofs systemd-1 rw\n"
				    "30 28 0:33 / /efi rw - tmpfs tmpfs rw\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);"
				"disk@01:00.0 carries /boot (/dev/nvme0n1);");
}

/* The last of several mounts hides the others. */
static void test_root_over_root(void **state)
{
	(void)state;
	plain();
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n" EXT4("8:1", "/dev/sda1"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);");
}

static void test_luks(void **state)
{
	(void)state;
	plain();
	host_mapped("dm-0", "253:0", "cryptroot");
	host_slave("dm-0", "sda1");
	host_mounts(EXT4("253:0", "/dev/mapper/cryptroot"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/mapper/cryptroot);");
}

static void test_luks_key_and_header(void **state)
{
	(void)state;
	test_luks(state);
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block(NVME2 "/nvme/nvme1/nvme1n1", "259:1");
	host_mounts(EXT4("253:0", "/dev/mapper/cryptroot") "29 27 259:1 / /keys rw - "
							   "ext4 /dev/nvme1n1 rw\n");
	fake_file(&fake, "etc/crypttab",
		"# name source key options\n"
		"other /dev/nvme1n1 none luks\n"
		"cryptroot /dev/sda1 /keys/one luks,header=/header:/dev/nvme0n1\n");
	host_expect(ROOT_FOUND,
		"root@00:17.0 carries / (/dev/mapper/cryptroot);"
		"disk@00:17.0 carries the LUKS device of cryptroot (sda1);"
		"disk@01:00.0 carries the LUKS header of cryptroot (nvme0n1);"
		"disk@02:00.0 carries the key of cryptroot (/dev/nvme1n1);");
}

static void test_lvm_on_luks(void **state)
{
	(void)state;
	plain();
	host_mapped("dm-0", "253:0", "crypt");
	host_slave("dm-0", "sda1");
	host_mapped("dm-1", "253:1", "vg-root");
	host_slave("dm-1", "dm-0");
	host_mapped("dm-2", "253:2", "vg-swap");
	host_slave("dm-2", "dm-0");
	host_mounts(EXT4("253:1", "/dev/mapper/vg-root"));
	fake_file(&fake, "proc/swaps",
		"Filename Type Size Used Priority\n/dev/dm-2 partition 9 0 -2\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/mapper/vg-root);"
				"disk@00:17.0 carries swap (/dev/dm-2);");
}

static void raid(const char *name, const char *path, const char *member)
{
	host_block(path, "9:0");
	host_slave(name, "sda1");
	host_slave(name, member);
}

static void test_md_over_two_controllers(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	raid("md0", "virtual/block/md0", "nvme0n1");
	host_mounts(EXT4("9:0", "/dev/md0"));
	host_expect(ROOT_FOUND,
		"root@00:17.0 carries / (/dev/md0);root@01:00.0 carries / (/dev/md0);");
}

/* The partition of an array has no slaves of its own. */
static void test_partition_of_md(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	raid("md0", "virtual/block/md0", "nvme0n1");
	host_block("virtual/block/md0/md0p1", "259:7");
	fake_file(&fake, "sys/devices/virtual/block/md0/md0p1/partition", "1\n");
	host_mounts(EXT4("259:7", "/dev/md0p1"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/md0p1);root@01:00.0 "
				"carries / (/dev/md0p1);");
}

static void test_bcache(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block("virtual/block/bcache0", "252:0");
	host_slave("bcache0", "sda1");
	host_slave("bcache0", "nvme0n1");
	host_mounts(EXT4("252:0", "/dev/bcache0"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/bcache0);"
				"root@01:00.0 carries / (/dev/bcache0);");
}

static void test_btrfs(void **state)
{
	(void)state;
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block(NVME2 "/nvme/nvme1/nvme1n1", "259:1");
	fake_link(&fake, "sys/fs/btrfs/0a5b/devices/nvme0n1", "../../../../nowhere");
	fake_link(&fake, "sys/fs/btrfs/0a5b/devices/nvme1n1", "../../../../nowhere");
	fake_link(&fake, "sys/fs/btrfs/ffff/devices/sdz", "../../../../nowhere");
	host_mounts("27 1 0:25 /@ / rw - btrfs /dev/nvme1n1 rw,subvol=/@\n");
	host_expect(ROOT_FOUND, "root@01:00.0 carries / (/dev/nvme1n1);"
				"root@02:00.0 carries / (/dev/nvme1n1);");
	/* Not mounted, as far as sysfs tells: then not all of it is known. */
	fake_remove(&fake, "sys/fs/btrfs");
	host_expect(ROOT_UNKNOWN, "");
}

/* bcachefs names all its devices. */
static void test_bcachefs(void **state)
{
	(void)state;
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_block(NVME2 "/nvme/nvme1/nvme1n1", "259:1");
	host_mounts("27 1 0:25 / / rw - bcachefs /dev/nvme0n1:/dev/nvme1n1 rw\n");
	host_expect(ROOT_FOUND, "root@01:00.0 carries / (/dev/nvme0n1:/dev/nvme1n1);"
				"root@02:00.0 carries / (/dev/nvme0n1:/dev/nvme1n1);");
	host_mounts("27 1 0:25 / / rw - bcachefs /dev/nvme0n1:/dev/nvme9n1 rw\n");
	host_expect(ROOT_UNKNOWN, "root@01:00.0 carries / (/dev/nvme0n1:/dev/nvme9n1);");
}

static void test_loop(void **state)
{
	(void)state;
	plain();
	host_block("virtual/block/loop0", "7:0");
	fake_file(&fake, "sys/devices/virtual/block/loop0/loop/backing_file",
		"/run/media/root.img\n");
	host_mounts("26 1 8:1 / /run/media rw - ext4 /dev/sda1 rw\n" EXT4(
		"7:0", "/dev/loop0"));
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/loop0);");
	/* A file that lies nowhere known, and one on itself. */
	host_mounts("26 1 0:30 / /run rw - tmpfs tmpfs rw\n" EXT4("7:0", "/dev/loop0"));
	host_expect(ROOT_UNKNOWN, "");
	host_mounts(EXT4("7:0", "/dev/loop0"));
	host_expect(ROOT_UNKNOWN, "");
}

static void test_multipath_of_nvme(void **state)
{
	(void)state;
	fake_subsystem(&fake, "nvme-subsys0", NVME1 "/nvme/nvme0");
	fake_link(&fake, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme1",
		"../../../" NVME2 "/nvme/nvme1");
	fake_link(&fake, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/subsystem",
		"../../../../class/nvme-subsystem");
	host_block("virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
	host_block("virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1", "259:1");
	host_mounts(EXT4("259:1", "/dev/nvme0n1p1"));
	host_expect(ROOT_FOUND, "root@01:00.0 carries / (/dev/nvme0n1p1);"
				"root@02:00.0 carries / (/dev/nvme0n1p1);");
}

/* A controller that hides behind another domain is carried by the one in front. */
static void test_vmd(void **state)
{
	(void)state;
	host_function("pci0000:00/0000:00:0e.0 8086:467f 010400");
	host_function("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0 8086:1 060400 "
		      "bridge");
	host_function("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0 "
		      "144d:a808 010802");
	host_block("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/"
		   "nvme/nvme5/nvme5n1",
		"259:5");
	host_mounts(EXT4("259:5", "/dev/nvme5n1"));
	host_expect(ROOT_FOUND, "root@00:0e.0 carries / (/dev/nvme5n1);"
				"root@10000:e1:00.0 carries / (/dev/nvme5n1);");
}

static void test_other_buses(void **state)
{
	(void)state;
	host_block("platform/soc/mmc0/block/mmcblk0", "179:0");
	host_mounts(EXT4("179:0", "/dev/mmcblk0"));
	host_expect(ROOT_FOUND, "root@- carries / (/dev/mmcblk0);");
}

static void test_network_disks(void **state)
{
	static const char *const paths[] = {
		"platform/host3/session1/target3:0:0/3:0:0:1/block/sdx",
		"virtual/block/nbd0", "rbd/0/block/rbd0",
		"virtual/nvme-fabrics/ctl/nvme7/nvme7n1"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char number[16];

		snprintf(number, sizeof(number), "8:%zu", 200 + i);
		host_block(paths[i], number);
		snprintf(host_text, sizeof(host_text),
			"27 1 %s / / rw - ext4 /dev/x rw\n", number);
		host_mounts(host_text);
		host_expect(ROOT_NETWORK, "");
	}
	host_mounts("27 1 0:25 / / rw - nfs4 10.0.0.1:/srv rw,addr=10.0.0.1\n");
	host_expect(ROOT_NETWORK, "");
}

/* What cannot be followed to hardware is not known. */
static void test_nothing_below(void **state)
{
	static const char *const mounts[] = {
		"27 1 0:25 / / rw - overlay overlay rw,lowerdir=/a\n",
		"27 1 0:25 / / rw - tmpfs tmpfs rw\n", "27 1 0:25 / / rw - 9p root rw\n",
		"27 1 0:25 / / rw - zfs rpool/ROOT rw\n", EXT4("1:0", "/dev/ram0"),
		EXT4("250:9", "/dev/gone"),
		"27 1 8:1 /var/lib/machines/x / rw - ext4 /dev/sda1 rw\n",
		"27 1 0:25 /@/var/lib/machines/x / rw - btrfs /dev/sda1 rw\n", ""};

	(void)state;
	plain();
	host_block("virtual/block/ram0", "1:0");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		host_mounts(mounts[i]);
		host_expect(ROOT_UNKNOWN, "");
	}
	/* OSTree's root is a folder as well, and is the host's. */
	host_mounts("27 1 8:1 /ostree/deploy/x / rw - ext4 /dev/sda1 rw\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);");
	/* A way that forks is known only where both ways are. */
	host_mapped("dm-0", "253:0", "x");
	host_slave("dm-0", "sda1");
	host_slave("dm-0", "ram0");
	host_mounts(EXT4("253:0", "/dev/mapper/x"));
	host_expect(ROOT_UNKNOWN, "root@00:17.0 carries / (/dev/mapper/x);");
}

static void test_container(void **state)
{
	static const char *const marks[] = {
		"run/systemd/container", ".dockerenv", "run/.containerenv"};

	(void)state;
	plain();
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		fake_file(&fake, marks[i], "");
		host_expect(ROOT_UNKNOWN, "");
		fake_remove(&fake, marks[i]);
	}
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);");
}

static void test_fstab(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	fake_file(&fake, "etc/fstab",
		"/dev/nvme0n1 /srv ext4 defaults,nofail 0 2\n"
		"/dev/nvme0n1 /srv ext4 noauto 0 2\n"
		"/dev/nvme0n1 /srv ext4 x-systemd.automount 0 2\n"
		"#/dev/nvme0n1 /home ext4 defaults 0 2\n"
		"/dev/gone /home ext4 defaults 0 2\n"
		"proc /proc proc defaults 0 0\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);");
	/* The boot waits for what may not fail. */
	fake_file(&fake, "etc/fstab", "/dev/nvme0n1\t/home\text4\tdefaults\t0\t2\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);disk@01:00.0 carries "
				"/home (nvme0n1);");
	fake_file(&fake, "etc/fstab", "/dev/nvme0n1 none swap sw,nofail 0 0\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);disk@01:00.0 carries "
				"swap (nvme0n1);");
}

static void test_swap_file_and_zram(void **state)
{
	(void)state;
	plain();
	host_block("virtual/block/zram0", "252:0");
	fake_file(&fake, "proc/swaps",
		"Filename Type Size Used Priority\n"
		"/dev/zram0 partition 9 0 100\n/swap\\040file file 9 0 -2\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (/dev/sda1);disk@00:17.0 carries "
				"swap (/dev/sda1);");
}

/* In an initramfs only the command line speaks, of disks that are there. */
static void test_command_line(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	host_expect(ROOT_UNKNOWN, "");
	host_cmdline("root=/dev/sda1 resume=/dev/nvme0n1");
	host_expect(ROOT_FOUND,
		"root@00:17.0 carries / (sda1);disk@01:00.0 carries resume (nvme0n1);");
	host_cmdline("root=8:1");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (8:1);");
	host_cmdline("root=/dev/sdz1 rd.luks.uuid=luks-1");
	host_expect(ROOT_UNSEEN, "");
	host_cmdline("root=UUID=0-1 resume=/dev/sda1");
	host_expect(ROOT_UNSEEN, "disk@00:17.0 carries resume (sda1);");
	host_cmdline("root=/dev/nfs nfsroot=10.0.0.1:/srv");
	host_expect(ROOT_NETWORK, "");
	host_cmdline("root=dhcp");
	host_expect(ROOT_NETWORK, "");
	host_cmdline("root=/dev/sda1 root=");
	host_expect(ROOT_UNKNOWN, "");
}

/* A root that is mounted and cannot be followed is not known for what root= says. */
static void test_command_line_around_a_container(void **state)
{
	(void)state;
	plain();
	host_mounts("27 1 0:25 / / rw - overlay overlay rw,lowerdir=/a\n");
	host_cmdline("root=/dev/sda1");
	host_expect(ROOT_UNKNOWN, "root@00:17.0 carries / (sda1);");
	host_cmdline("root=/dev/sdz1");
	host_expect(ROOT_UNKNOWN, "");
	host_cmdline("root=/dev/nfs");
	host_expect(ROOT_UNKNOWN, "");
}

static void test_crypttab_of_an_image(void **state)
{
	(void)state;
	plain();
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	fake_file(&fake, "cryptroot/crypttab", "root /dev/sda1 none luks\n");
	host_expect(ROOT_UNKNOWN, "disk@00:17.0 carries the LUKS device of root (sda1);");
}

#define UUID "00112233-4455-6677-8899-aabbccddeeff"

/* A swap area as mkswap(8) makes it, in the place of a device: real for libblkid. */
static void superblock(const char *device, const char *label)
{
	char page[65536] = {0}, path[64];
	int fd;

	page[1024] = 1;
	page[1028] = 15;
	for (int i = 0; i < 16; i++)
		page[1036 + i] = (char)(i * 0x11);
	snprintf(page + 1052, 16, "%s", label);
	memcpy(page + 4086, "SWAPSPACE2", 10);
	snprintf(path, sizeof(path), "dev/%s", device);
	fake_file(&fake, path, "");
	fd = openat(fake.root, path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
}

static void test_superblocks(void **state)
{
	(void)state;
	plain();
	host_block(NVME1 "/nvme/nvme0/nvme0n1", "259:0");
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	superblock("sda1", "system");
	host_cmdline("root=UUID=" UUID);
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (UUID=" UUID ");");
	host_cmdline("root=LABEL=system");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (UUID=" UUID ");");
	host_cmdline("root=LABEL=systems");
	host_expect(ROOT_UNSEEN, "");
	/* The same on a second disk: whichever it is, both are needed. */
	superblock("nvme0n1", "copy");
	host_cmdline("root=UUID=" UUID);
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (UUID=" UUID ");"
				"root@01:00.0 carries / (UUID=" UUID ");");
	/* A card reader without a card is not opened. */
	fake_file(&fake, "sys/devices/" NVME1 "/nvme/nvme0/nvme0n1/size", "0\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (UUID=" UUID ");");
	fake_file(&fake, "etc/fstab", "LABEL=system none swap sw 0 0\n");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (UUID=" UUID ");"
				"disk@00:17.0 carries swap (UUID=" UUID ");");
}

/* All names of the root are kept, to be compared with the next boot's root=. */
static void test_names(void **state)
{
	struct boot_source source;
	struct machine machine = {0};
	struct needs needs;

	(void)state;
	plain();
	host_mapped("dm-0", "253:0", "vg-root");
	host_slave("dm-0", "sda1");
	superblock("dm-0", "system");
	superblock("sda1", "below");
	host_mounts(EXT4("253:0",
		"/dev/mapper/vg-root") "28 27 8:1 / /usr ro - ext4 /dev/sda1 ro\n");
	assert_int_equal(host_needs_read(fake.root, &machine, NULL, &source, &needs), 0);
	assert_int_equal(needs.root_name_count, 3);
	assert_string_equal(needs.root_names[0].value, UUID);
	assert_string_equal(needs.root_names[1].value, "system");
	assert_string_equal(needs.root_names[2].value, "mapper/vg-root");
	needs_clear(&needs);
}

static void test_udev_links(void **state)
{
	(void)state;
	plain();
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	fake_link(&fake, "dev/disk/by-id/ata-x-part1", "../../sda1");
	host_cmdline("root=/dev/disk/by-id/ata-x-part1");
	host_expect(ROOT_FOUND, "root@00:17.0 carries / (disk/by-id/ata-x-part1);");
}

static void test_unreadable(void **state)
{
	(void)state;
	plain();
	fake_remove(&fake, "proc/self/mountinfo");
	host_expect(ROOT_UNKNOWN, "");
	host_mounts(EXT4("8:1", "/dev/sda1"));
	fake_remove(&fake, "sys/class/block");
	host_expect(ROOT_UNKNOWN, "");
}

static bool refuse_sda(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "sda1") != 0;
}

/* A disk that hangs is not opened again; what it may hold is not known. */
static void test_hanging_disk(void **state)
{
	const struct block_observer observer = {.enter = refuse_sda};

	(void)state;
	plain();
	host_observer = &observer;
	host_expect(ROOT_UNKNOWN, "root@00:17.0 carries / (/dev/sda1);");
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_plain),
		test(test_dev_root),
		test(test_usr_boot_and_the_rest),
		test(test_boot_on_btrfs),
		test(test_root_over_root),
		test(test_luks),
		test(test_luks_key_and_header),
		test(test_lvm_on_luks),
		test(test_md_over_two_controllers),
		test(test_partition_of_md),
		test(test_bcache),
		test(test_btrfs),
		test(test_bcachefs),
		test(test_loop),
		test(test_multipath_of_nvme),
		test(test_vmd),
		test(test_other_buses),
		test(test_network_disks),
		test(test_nothing_below),
		test(test_container),
		test(test_fstab),
		test(test_swap_file_and_zram),
		test(test_command_line),
		test(test_command_line_around_a_container),
		test(test_crypttab_of_an_image),
		test(test_superblocks),
		test(test_names),
		test(test_udev_links),
		test(test_unreadable),
		test(test_hanging_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
