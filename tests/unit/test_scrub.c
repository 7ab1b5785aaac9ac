/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define UUID1 "00000000-0000-0000-0000-000000000001"
#define UUID2 "00000000-0000-0000-0000-000000000002"

static struct scrub scrub;

static int begin(void **state)
{
	(void)state;
	scrub_begin(&scrub, "janes-box.example.org\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	scrub_end(&scrub);
	return 0;
}

static void expect_text(const char *text, bool free_text, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_text(&scrub, text, free_text, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_uuids(void **state)
{
	(void)state;
	expect_text("UUID=3f2504e0-4f89-11d3-9a0c-0305e82c3301 ro", false,
		"UUID=" UUID1 " ro");
	expect_text("(3F2504E0-4F89-11D3-9A0C-0305E82C3301)", false, "(" UUID1 ")");
	expect_text("a 4f2504e0-4f89-11d3-9a0c-0305e82c3301", false, "a " UUID2);
	expect_text("luks-3f2504e0-4f89-11d3-9a0c-0305e82c3301", false, "luks-" UUID1);
	expect_text("UUID=12AB-34CD", false, "UUID=0000-0001");
}

static void test_addresses(void **state)
{
	(void)state;
	expect_text("52:54:00:aa:bb:cc", false, "000000000001");
	expect_text("enx525400AABBCC", false, "enx000000000002");
	expect_text("../../usb1/net/wlx525400aabbcc", false,
		"../../usb1/net/wlx000000000002");
	expect_text("0123456789abcdef", false, "000000000003");
}

static void test_what_stays(void **state)
{
	(void)state;
	expect_text("pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda",
		false,
		"pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda");
	expect_text("pci:v00008086d000010D3sv00001043sd00008469bc02sc00i00", false,
		"pci:v00008086d000010D3sv00001043sd00008469bc02sc00i00");
	expect_text("enp0s31f6", false, "enp0s31f6");
	expect_text("10de:2206 path=00:01.0/00.0", false, "10de:2206 path=00:01.0/00.0");
	expect_text("", false, "");
}

static void test_host(void **state)
{
	(void)state;
	expect_text("root on janes-box, JANES-BOX.", true, "root on host, host.");
	expect_text("janes-boxes", true, "janes-boxes");
	expect_text("janes-box", false, "janes-box");
}

static void expect_device(const char *path, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_device(&scrub, path, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_devices(void **state)
{
	(void)state;
	expect_device("/dev/sda1", "/dev/sda1");
	expect_device("/dev/nvme0n1p2", "/dev/nvme0n1p2");
	expect_device("/dev/dm-3", "/dev/dm-3");
	expect_device("/dev/mapper/janes--box--vg-root", "/dev/mapper/name1");
	expect_device("/dev/mapper/janes--box--vg-swap", "/dev/mapper/name2");
	expect_device("/dev/disk/by-id/nvme-Brand_S4EWNX0N123456", "/removed/1");
	expect_device("/dev/janes-vg/root", "/removed/2");
	expect_device("/dev/sd-janes-box", "/removed/3");
	expect_device("/home/jane/swap", "/removed/4");
}

static void expect_folder(const char *path, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_folder(&scrub, path, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_folders(void **state)
{
	(void)state;
	expect_folder("/", "/");
	expect_folder("/boot/efi", "/boot/efi");
	expect_folder("/home", "/home");
	expect_folder("/home/jane", "/removed/1");
	expect_folder("/media/jane/Holiday", "/removed/2");
	expect_folder("/home/jane", "/removed/1");
}

static void expect_cmdline(const char *text, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_cmdline(&scrub, text, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_cmdline(void **state)
{
	(void)state;
	expect_cmdline("quiet intel_iommu=on iommu=pt vfio-pci.ids=10de:2206 ro",
		"quiet intel_iommu=on iommu=pt vfio-pci.ids=10de:2206 ro");
	expect_cmdline("vfio_early.take=01:00.0,id=10de:* rd.driver.blacklist=nouveau",
		"vfio_early.take=01:00.0,id=10de:* rd.driver.blacklist=nouveau");
	expect_cmdline("root=UUID=3f2504e0-4f89-11d3-9a0c-0305e82c3301 resume=/dev/sda2",
		"root=UUID=" UUID1 " resume=/dev/sda2");
	expect_cmdline("root=/dev/mapper/janes--vg-root root=LABEL=jane "
		       "rd.luks.uuid=luks-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
		"root=/dev/mapper/name1 root=removed rd.luks.uuid=luks-" UUID1);
	expect_cmdline("ip=10.0.0.5::10.0.0.1:255.255.255.0:janes-box:eth0:none "
		       "systemd.hostname=janes-box token=\"a secret of jane\" x",
		"ip=removed systemd.hostname=removed token=removed x");
	expect_cmdline("ro -- --password=jane", "ro");
	expect_cmdline("", "");
}

static void expect_config(const char *line, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_config_line(&scrub, line, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_config(void **state)
{
	(void)state;
	expect_config("01:00.0 id=10de:2206 # Jane's card", "01:00.0 id=10de:2206 #");
	expect_config("# all of it", "#");
	expect_config("", "");
	expect_config("serial=a1-b2-c3-d4-e5-f6-a7-b8 d3=off # x",
		"serial=00-00-00-00-00-00-00-01 d3=off #");
	expect_config("id=10de:* serial=a1-b2-c3-d4-e5-f6-a7-b8",
		"id=10de:* serial=00-00-00-00-00-00-00-01");
	expect_config("# serial=a1-b2-c3-d4-e5-f6-a7-b8", "#");
}

static void expect_message(const char *text, const char *expected)
{
	char out[SCRUB_TEXT_MAX];

	scrub_message(&scrub, text, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_messages(void **state)
{
	(void)state;
	expect_message("refused, root-disk: carries / (/dev/sda1); protected, taken only "
		       "with allow=root-disk",
		"refused, root-disk: carries / (/dev/sda1); protected, taken only with "
		"allow=root-disk");
	expect_message("carries /home/jane (UUID=3f2504e0-4f89-11d3-9a0c-0305e82c3301)",
		"carries /removed/1 (UUID=" UUID1 ")");
	expect_message("carries /nas (/dev/mapper/janes--vg-nas)",
		"carries /removed/2 (/dev/mapper/name1)");
	expect_message(
		"root=LABEL=jane was not found", "root=LABEL=removed was not found");
	expect_message("see /etc/vfio-early.conf on janes-box",
		"see /etc/vfio-early.conf on host");
	expect_message("", "");
}

/* What was replaced stays what it is: a capture of a capture is the same. */
static void test_stand_ins_are_stable(void **state)
{
	static const char text[] =
		"3f2504e0-4f89-11d3-9a0c-0305e82c3301 enx525400aabbcc 12AB-34CD";
	char once[SCRUB_TEXT_MAX], twice[SCRUB_TEXT_MAX];
	struct scrub other;

	(void)state;
	scrub_text(&scrub, text, false, once, sizeof(once));
	scrub_begin(&other, "");
	scrub_text(&other, once, false, twice, sizeof(twice));
	scrub_end(&other);
	assert_string_equal(once, twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_uuids, begin, end),
		cmocka_unit_test_setup_teardown(test_addresses, begin, end),
		cmocka_unit_test_setup_teardown(test_what_stays, begin, end),
		cmocka_unit_test_setup_teardown(test_host, begin, end),
		cmocka_unit_test_setup_teardown(test_devices, begin, end),
		cmocka_unit_test_setup_teardown(test_folders, begin, end),
		cmocka_unit_test_setup_teardown(test_cmdline, begin, end),
		cmocka_unit_test_setup_teardown(test_config, begin, end),
		cmocka_unit_test_setup_teardown(test_messages, begin, end),
		cmocka_unit_test_setup_teardown(test_stand_ins_are_stable, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
