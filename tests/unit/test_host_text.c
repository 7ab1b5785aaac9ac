/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts that say where a host's disks are: device names, tables, the command line. */
#include "core/boot_source.h"
#include "core/device_spec.h"
#include "core/mount_lines.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char *spec_text(const char *text)
{
	static char out[DEVICE_SPEC_MAX + 16];
	struct device_spec spec = {.kind = SPEC_NONE, .value = "untouched"};

	if (!device_spec_parse(text, strlen(text), &spec)) {
		assert_string_equal(spec.value, "untouched");
		return "-";
	}
	snprintf(out, sizeof(out), "%s %s", device_spec_name(spec.kind), spec.value);
	return out;
}

static void test_spec(void **state)
{
	static const char *const rows[][2] = {
		{"UUID=ab-CD", "UUID ab-CD"},
		{"UUID=\"ab-CD\"", "UUID ab-CD"},
		{"LABEL='my disk'", "LABEL my disk"},
		{"PARTUUID=12-01", "PARTUUID 12-01"},
		{"PARTUUID=12-01/PARTNROFF=1", "PARTUUID 12-01"},
		{"PARTLABEL=a/b", "PARTLABEL a/b"},
		{"/dev/sda1", "node sda1"},
		{"/dev/mapper/vg-root", "node mapper/vg-root"},
		{"/dev/disk/by-uuid/ab", "UUID ab"},
		{"/dev/disk/by-label/ab", "LABEL ab"},
		{"/dev/disk/by-partuuid/ab", "PARTUUID ab"},
		{"/dev/disk/by-partlabel/ab", "PARTLABEL ab"},
		{"/dev/disk/by-id/ab", "node disk/by-id/ab"},
		{"8:1", "number 8:1"},
		{"", "-"},
		{"UUID=", "-"},
		{"UUID", "-"},
		{"UUID=\"\"", "-"},
		{"/dev/", "-"},
		{"8:", "-"},
		{":1", "-"},
		{"8:x", "-"},
		{"5000:1", "-"},
		{"proc", "-"},
		{"10.0.0.1:/srv", "-"},
		{"none", "-"},
	};
	char text[DEVICE_SPEC_MAX + 16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(spec_text(rows[i][0]), rows[i][1]);
	snprintf(text, sizeof(text), "UUID=%0*d", DEVICE_SPEC_MAX - 1, 1);
	assert_string_not_equal(spec_text(text), "-");
	snprintf(text, sizeof(text), "UUID=%0*d", DEVICE_SPEC_MAX, 1);
	assert_string_equal(spec_text(text), "-");
	assert_false(device_spec_parse("LABEL=a\0b", 9, &(struct device_spec){0}));
}

static void test_spec_same(void **state)
{
	static const struct {
		enum device_spec_kind kind;
		const char *a;
		const char *b;
		bool same;
	} rows[] = {
		{SPEC_UUID, "ab-cd", "AB-CD", true},
		/* md, as dracut and as blkid write it */
		{SPEC_UUID, "ab:cd:ef", "abc-def", true},
		{SPEC_UUID, "ab", "abc", false},
		{SPEC_UUID, "abc", "ab", false},
		{SPEC_UUID, "-", "", false},
		{SPEC_LABEL, "ab", "AB", false},
		{SPEC_LABEL, "a-b", "ab", false},
		{SPEC_LABEL, "ab", "ab", true},
		{SPEC_POOL, "*", "tank", true},
		{SPEC_POOL, "tank", "tank", true},
		{SPEC_POOL, "tank", "rpool", false},
		{SPEC_POOL, "*", "", false},
		{SPEC_NONE, "a", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct device_spec spec = {.kind = rows[i].kind};

		snprintf(spec.value, sizeof(spec.value), "%s", rows[i].a);
		if (device_spec_same(&spec, rows[i].b) != rows[i].same)
			fail_msg("%s, %s", rows[i].a, rows[i].b);
	}
}

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static void test_mountinfo(void **state)
{
	struct span rest = span_of(
		"short line\n"
		"1 2 x:1 / / rw - ext4 /dev/a rw\n"
		"1 2 8:1 / / rw shared:1 master:2 ext4 /dev/a rw no dash\n"
		"\n"
		"36 35 8:1 /sub\\040dir /mnt\\011x rw,noatime shared:1 master:2 - ext4 "
		"/dev/a\\134b rw\n"
		"37 35 0:25 / /y rw - btrfs /dev/c rw");
	struct mount mount;

	(void)state;
	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(mount.major, 8);
	assert_int_equal(mount.minor, 1);
	assert_string_equal(mount.root, "/sub dir");
	assert_string_equal(mount.point, "/mnt\tx");
	assert_string_equal(mount.type, "ext4");
	assert_string_equal(mount.source, "/dev/a\\b");
	assert_true(mountinfo_next(&rest, &mount));
	assert_string_equal(mount.point, "/y");
	assert_int_equal(mount.major, 0);
	assert_false(mountinfo_next(&rest, &mount));
}

static void test_tables(void **state)
{
	struct span rest = span_of("# comment\n  \nUUID=1 /mnt ext4\nLABEL=a\\040b /x "
				   "xfs noauto,nofail 0 0\n");
	struct fstab_entry fstab;
	struct crypttab_entry crypttab;
	char path[MOUNT_FIELD_MAX];

	(void)state;
	assert_true(fstab_next(&rest, &fstab));
	assert_string_equal(fstab.spec, "UUID=1");
	assert_string_equal(fstab.options, "");
	assert_true(fstab_next(&rest, &fstab));
	assert_string_equal(fstab.spec, "LABEL=a b");
	assert_string_equal(fstab.options, "noauto,nofail");
	assert_false(fstab_next(&rest, &fstab));
	rest = span_of("root\tUUID=1\nswap /dev/b /dev/urandom swap,header=/h:/dev/c\n");
	assert_true(crypttab_next(&rest, &crypttab));
	assert_string_equal(crypttab.name, "root");
	assert_string_equal(crypttab.key, "");
	assert_true(crypttab_next(&rest, &crypttab));
	assert_string_equal(crypttab.key, "/dev/urandom");
	assert_string_equal(crypttab.options, "swap,header=/h:/dev/c");
	assert_false(crypttab_next(&rest, &crypttab));
	rest = span_of("Filename Type\n/dev/sda2 partition\n/swap\\040file file\n");
	assert_true(swaps_next(&rest, path));
	assert_string_equal(path, "/dev/sda2");
	assert_true(swaps_next(&rest, path));
	assert_string_equal(path, "/swap file");
	assert_false(swaps_next(&rest, path));
}

/* A field that is too long is cut, and does not run over. */
static void test_long_fields(void **state)
{
	char line[4096];
	struct span rest;
	struct mount mount;

	(void)state;
	snprintf(line, sizeof(line), "1 2 8:1 /%0900d /%0900d rw - %0900d /%0900d rw\n",
		1, 2, 3, 4);
	rest = span_of(line);
	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(strlen(mount.root), MOUNT_FIELD_MAX - 1);
	assert_int_equal(strlen(mount.source), MOUNT_FIELD_MAX - 1);
	assert_int_equal(strlen(mount.type), sizeof(mount.type) - 1);
}

static void test_options(void **state)
{
	struct span value;

	(void)state;
	assert_true(option_find("rw,noauto", "noauto", NULL));
	assert_false(option_find("rw,noautox", "noauto", NULL));
	assert_false(option_find("", "noauto", NULL));
	assert_true(option_find("luks,header=/a:b,x", "header=", &value));
	assert_true(span_is(value, "/a:b"));
	assert_false(option_find("luks,header", "header=", &value));
}

/* Every item as "USE KIND VALUE;", then flags. */
static const char *source_text(const char *cmdline)
{
	static const char *const uses[] = {"root", "usr", "layer", "resume", "key"};
	static char text[2048];
	struct boot_source source;
	size_t used = 0;

	boot_source_parse(cmdline, strlen(cmdline), &source);
	text[0] = '\0';
	for (unsigned i = 0; i < source.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s %s;",
			uses[source.items[i].use],
			device_spec_name(source.items[i].spec.kind),
			source.items[i].spec.value);
	snprintf(text + used, sizeof(text) - used, "%s%s%s",
		source.has_root ? "" : "no-root", source.network ? "network" : "",
		source.overflow ? "overflow" : "");
	return text;
}

static void test_source(void **state)
{
	static const char *const rows[][2] = {
		{"", "no-root"},
		{"quiet splash", "no-root"},
		{"root=UUID=1-2 ro", "root UUID 1-2;"},
		{"root=/dev/sda1 root=LABEL=x", "root LABEL x;"},
		{"root=/dev/sda1 root=", "no-root"},
		{"root=UUID=1 resume=UUID=2 mount.usr=UUID=3",
			"root UUID 1;resume UUID 2;usr UUID 3;"},
		{"root=live:CDLABEL=x", "root LABEL x;"},
		{"root=live:/dev/sr0", "root node sr0;"},
		{"root=live:http://x/y", "network"},
		{"root=block:UUID=1", "root UUID 1;"},
		{"root=ZFS=rpool/ROOT/a", "root pool rpool;"},
		{"root=zfs:AUTO", "root pool *;"},
		{"root=zfs:tank", "root pool tank;"},
		{"zfs=rpool/x", "root pool rpool;"},
		{"zfs=bootfs", "root pool *;"},
		{"root=gpt-auto", ""},
		{"root=nfs:10.0.0.1:/x", "network"},
		{"root=/dev/nfs", "network"},
		{"root=/dev/nfs root=/dev/sda1", "root node sda1;"},
		{"root=UUID=1 netroot=iscsi:x", "root UUID 1;network"},
		{"netroot=iscsi:x root=UUID=1", "root UUID 1;network"},
		{"root=//server/share", "network"},
		{"root=anything", ""},
		{"rd.luks.uuid=luks-12 rd_LUKS_UUID=34 luks.uuid=56",
			"layer UUID 12;layer UUID 34;layer UUID 56;no-root"},
		{"rd.luks.name=12=cryptroot", "layer UUID 12;no-root"},
		{"rd.luks.key=12=/key:UUID=9", "key UUID 9;no-root"},
		{"rd.luks.key=/key", "no-root"},
		{"rd.luks.options=12=header=/h:LABEL=boot,tries=1",
			"key LABEL boot;no-root"},
		{"rd.luks.options=discard,header=/h:UUID=7", "key UUID 7;no-root"},
		{"rd.luks.options=discard", "no-root"},
		{"rd.md.uuid=a:b:c:d", "layer UUID a:b:c:d;no-root"},
		{"cryptdevice=UUID=12:root:allow-discards", "layer UUID 12;no-root"},
		{"cryptdevice=/dev/sda2:root", "layer node sda2;no-root"},
		{"cryptkey=LABEL=usb:vfat:/key", "key LABEL usb;no-root"},
		{"cryptkey=rootfs:/key", "no-root"},
		{"root=UUID=1 -- root=UUID=2", "root UUID 1;"},
		{"root=\"UUID=1\"", "root UUID 1;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = source_text(rows[i][0]);

		if (strcmp(text, rows[i][1]) != 0)
			fail_msg("%s: %s, expected %s", rows[i][0], text, rows[i][1]);
	}
}

static void test_source_limit(void **state)
{
	char text[2048];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i <= BOOT_ITEMS_MAX; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "rd.luks.uuid=%u ", i);
	assert_non_null(strstr(source_text(text), "overflow"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_same),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_long_fields),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_source_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
