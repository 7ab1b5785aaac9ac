/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/capture.h"

#include "cli/sysroot.h"
#include "cli/unpack.h"
#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NIC  "pci0000:00/0000:00:1f.6"
#define NVME "pci0000:00/0000:00:1d.0/0000:02:00.0"
#define USB  "pci0000:00/0000:00:14.0"

static struct fake fake;

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

static char *capture_of(int root)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(capture_write(root, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Everything that is about this machine and nobody else's business. */
static void add_secrets(void)
{
	fake_function(&fake, NIC " 8086:15b8:1043:8672 020000 group=9 driver=e1000e");
	fake_function(&fake, NVME " 144d:a808:144d:a801 010802 group=14 driver=nvme");
	fake_function(&fake, USB " 8086:a36d:1043:8694 0c0330 group=4 driver=xhci_hcd");
	fake_file(&fake, "sys/devices/" NVME "/serial", "SECRET-S4EWNX0N\n");
	fake_interface(&fake, NIC "/net/enx5254secret", "0x1003");
	fake_interface(&fake, USB "/usb1/1-4/1-4:1.0/net/enx525400aabbcc", "0x1003");
	fake_file(&fake, "sys/devices/" NIC "/net/enx5254secret/address",
		"52:54:00:aa:bb:cc\n");
	fake_block(&fake, NVME "/nvme/nvme0/nvme0n1", "259:0");
	fake_file(&fake, "proc/sys/kernel/hostname", "secret-host\n");
	fake_file(&fake, "proc/cmdline",
		"root=UUID=5ec4e700-4f89-11d3-9a0c-0305e82c3301 ip=secret-ip quiet\n");
	fake_file(&fake, "proc/self/mountinfo",
		"22 1 259:0 / / rw - ext4 /dev/nvme0n1 rw\n"
		"23 22 259:0 / /home/secret rw - ext4 /dev/mapper/secret--vg-home rw\n"
		"24 22 0:40 / /nas rw - nfs secret-server:/export rw\n");
	fake_file(&fake, "proc/net/route",
		"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\t"
		"Window\tIRTT\n"
		"enx525400aabbcc\t00000000\t0150C05E\t0003\t0\t0\t100\t00000000\t0\t0\t0"
		"\n");
	fake_file(&fake, "etc/vfio-early.conf",
		"01:00.0 # the secret card\nserial=5e-c4-e7-00-11-22-33-44\n");
	fake_file(&fake, "etc/os-release", "ID=debian\nPRETTY_NAME=secret-name\n");
	fake_file(&fake, "run/vfio-early/report",
		"vfio-early-report 1\nversion=0.1.0 mode=normal seen=3 elapsed_ms=9 "
		"hung=0\n"
		"finding severity=4 verdict=refused guard=root-disk device=0000:02:00.0 "
		"id=144d:a808:144d:a801 class=010802 driver=vfio-pci "
		"origin=/etc/vfio-early.conf:1 text=carries%20/home/secret%20"
		"5ec4e700-4f89-11d3-9a0c-0305e82c3301%20on%20secret-host\n");
	fake_directory(&fake, "sys/devices/" USB "/usb1/1-4");
	fake_link(&fake, "sys/bus/usb/devices/1-4", "../../../devices/" USB "/usb1/1-4");
	fake_file(&fake, "sys/devices/" USB "/usb1/1-4/serial", "SECRET-USB\n");
	fake_file(&fake, "sys/devices/" USB "/usb1/1-4/idVendor", "046d\n");
	fake_file(&fake, "sys/devices/" USB "/usb1/1-4/product",
		"Phone of secret-host 52:54:00:aa:bb:cc\n");
}

static void test_nothing_private(void **state)
{
	static const char *const private[] = {"SECRET-S4EWNX0N", "SECRET-USB",
		"52:54:00:aa:bb:cc", "525400aabbcc", "secret-host", "5ec4e700",
		"secret-ip", "/home/secret", "secret--vg", "secret-server", "0150C05E",
		"the secret card", "5e-c4-e7-00", "secret-name"};
	char *text;

	(void)state;
	add_secrets();
	text = capture_of(fake.root);
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (strstr(text, private[i]))
			fail_msg("the capture has %s", private[i]);
	/* And it is not just empty. */
	assert_non_null(strstr(text, "[sys/devices/" NVME "]"));
	assert_non_null(strstr(text, "modalias = pci:v0000144Dd0000A808sv0000144D"));
	assert_non_null(strstr(text, "bus/pci/drivers/nvme\n"));
	assert_non_null(strstr(text, "root=UUID=00000000-0000-0000-0000-000000000001"));
	assert_non_null(strstr(text, "enx000000000001"));
	assert_non_null(strstr(text, "\t01:00.0 #\n"));
	assert_non_null(strstr(text, "idVendor = 046d"));
	assert_non_null(strstr(text, "text=carries%20/removed/"));
	free(text);
}

/* What it describes is the same machine: its capture is the same text. */
static void test_replay(void **state)
{
	char directory[] = "/tmp/vfio-early-test-XXXXXX", command[64];
	unsigned line = 0;
	char *text, *again;
	int root;

	(void)state;
	add_secrets();
	text = capture_of(fake.root);
	assert_non_null(mkdtemp(directory));
	root = open(directory, O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0);
	assert_int_equal(capture_unpack(text, strlen(text), root, &line), 0);
	again = capture_of(root);
	assert_string_equal(again, text);
	close(root);
	free(again);
	free(text);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

/* Links that lead through each other do not lead out while the tree is made. */
static void test_unpack_follows_nothing(void **state)
{
	static const char text[] = "vfio-early-capture 1\n"
				   "[a]\nout -> ../b\n[b]\nc = 1\n[a/out]\nd = 2\n";
	unsigned line = 0;

	(void)state;
	assert_int_equal(capture_unpack(text, strlen(text), fake.root, &line), -ENOTDIR);
	assert_int_equal(line, 6);
	assert_int_equal(faccessat(fake.root, "b/d", F_OK, 0), -1);
}

static void test_unpack_overwrites_nothing(void **state)
{
	static const char text[] = "vfio-early-capture 1\n[a]\nb = 1\nb = 2\n";
	unsigned line = 0;

	(void)state;
	assert_int_equal(capture_unpack(text, strlen(text), fake.root, &line), -EEXIST);
	assert_int_equal(line, 4);
}

static void test_sysroot_of_a_capture(void **state)
{
	char path[128], *temporary;
	struct sysroot sysroot;

	(void)state;
	fake_file(&fake, "capture", "vfio-early-capture 1\n[a]\nb = 1\n");
	snprintf(path, sizeof(path), "%s/capture", fake.path);
	assert_int_equal(sysroot_open(path, &sysroot), 0);
	assert_int_equal(faccessat(sysroot.fd, "a/b", F_OK, 0), 0);
	temporary = strdup(sysroot.temporary);
	assert_non_null(temporary);
	sysroot_close(&sysroot);
	assert_int_equal(access(temporary, F_OK), -1);
	free(temporary);
}

static void test_sysroot_refusals(void **state)
{
	char path[128];
	struct sysroot sysroot;

	(void)state;
	assert_int_equal(sysroot_open("/nowhere/at/all", &sysroot), EXIT_FAILURE);
	fake_file(&fake, "capture", "something else\n");
	snprintf(path, sizeof(path), "%s/capture", fake.path);
	assert_int_equal(sysroot_open(path, &sysroot), EXIT_FAILURE);
	fake_file(&fake, "bad", "vfio-early-capture 1\n[a]\nb\n");
	snprintf(path, sizeof(path), "%s/bad", fake.path);
	assert_int_equal(sysroot_open(path, &sysroot), EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_private, begin, end),
		cmocka_unit_test_setup_teardown(test_replay, begin, end),
		cmocka_unit_test_setup_teardown(test_unpack_follows_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			test_unpack_overwrites_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_sysroot_of_a_capture, begin, end),
		cmocka_unit_test_setup_teardown(test_sysroot_refusals, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
