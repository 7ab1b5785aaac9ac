/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What check finds in a system's settings: IOMMU, hooks, rivals, the plan. */
#include "cli/check_parts.h"

#include "core/cpio.h"
#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define TAKES "01:00.0 id=10de:2206\n"

struct bench {
	struct fake fake;
	struct survey survey;
	struct check check;
};

/* One sound card, with a group or without, and a config that takes it. */
static void begin(struct bench *bench, const char *group)
{
	char row[256];

	*bench = (struct bench){.check = {.survey = &bench->survey}};
	fake_begin(&bench->fake);
	snprintf(row, sizeof(row),
		"pci0000:00/0000:00:01.0/0000:01:00.0 10de:2206:1043:87d2 040300 %s",
		group);
	fake_function(&bench->fake, row);
	fake_file(&bench->fake, "etc/vfio-early.conf", TAKES);
	bench->check.root = bench->fake.root;
}

static void survey(struct bench *bench)
{
	assert_int_equal(survey_make(bench->fake.root, &bench->survey), 0);
}

static void end(struct bench *bench)
{
	advices_clear(&bench->check.advices);
	survey_clear(&bench->survey);
	fake_end(&bench->fake);
}

/* "result subject: what > fix;" for each of what was found. */
static void expect(struct bench *bench, void (*part)(struct check *check),
	const char *const wanted[])
{
	struct advices *advices = &bench->check.advices;
	size_t count = 0;

	advices_clear(advices);
	part(&bench->check);
	assert_false(advices->incomplete);
	while (wanted[count])
		count++;
	for (size_t i = 0; i < advices->count && i < count; i++) {
		const struct advice *advice = &advices->items[i];
		char text[4096];

		snprintf(text, sizeof(text), "%s %s: %s > %s",
			advice_level_name(advice->level), advice->subject, advice->what,
			advice->fix ? advice->fix : "");
		if (strncmp(text, wanted[i], strlen(wanted[i])) != 0)
			fail_msg("\"%s\", expected \"%s\"", text, wanted[i]);
	}
	assert_int_equal(advices->count, count);
}

#define EXPECT(bench, part, ...)                                                         \
	expect(bench, part, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void iommu(void **state)
{
	static const char dmar[] = "sys/firmware/acpi/tables/DMAR";
	struct bench bench;
	struct check *check = &bench.check;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	EXPECT(&bench, check_iommu, "ok : the IOMMU is on");
	end(&bench);
	begin(&bench, "");
	survey(&bench);
	fake_file(&bench.fake, "etc/default/grub", "");
	EXPECT(&bench, check_iommu, "error : no IOMMU is on > switch on VT-d (Intel)");
	fake_file(&bench.fake, dmar, "");
	EXPECT(&bench, check_iommu,
		"error : the firmware has an IOMMU (VT-d), which this kernel uses only "
		"when it is told to > intel_iommu=on: add it to GRUB_CMDLINE_LINUX_DEF");
	snprintf(check->cmdline, sizeof(check->cmdline), "quiet intel_iommu=igfx_off,on");
	EXPECT(&bench, check_iommu, "error : the firmware describes an IOMMU (DMAR)");
	snprintf(check->cmdline, sizeof(check->cmdline), "intel-iommu=on iommu=off");
	EXPECT(&bench, check_iommu,
		"error : the IOMMU is switched off by iommu=off on the kernel command "
		"line > iommu=off: take it out of GRUB_CMDLINE_LINUX_DEFAULT");
	check->cmdline[0] = '\0';
	fake_remove(&bench.fake, dmar);
	fake_file(&bench.fake, "sys/firmware/acpi/tables/IVRS", "");
	EXPECT(&bench, check_iommu, "error : the firmware describes an IOMMU (IVRS)");
	end(&bench);
}

static void plan(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	fake_file(&bench.fake, "etc/vfio-early.conf",
		TAKES "01:00.0 id=10de:2206 d3=off\n"
		      "05:00.0 id=1:2\n0g:00.0\n");
	survey(&bench);
	EXPECT(&bench, check_plan, "error /etc/vfio-early.conf:4:1: \"0g:00.0\": not",
		"warning 0000:01:00.0: this rule has other options than "
		"/etc/vfio-early.conf:1, and the first rule wins",
		"warning /etc/vfio-early.conf:3: ",
		"ok 0000:01:00.0: would be bound to vfio-pci (/etc/vfio-early.conf:1)");
	survey_clear(&bench.survey);
	fake_file(&bench.fake, "etc/vfio-early.conf", "");
	survey(&bench);
	EXPECT(&bench, check_plan, "note : no rule takes a device");
	survey_clear(&bench.survey);
	fake_file(&bench.fake, "etc/vfio-early.conf", TAKES);
	fake_file(&bench.fake, "proc/cmdline", "vfio_early=off\n");
	survey(&bench);
	EXPECT(&bench, check_plan,
		"error : vfio_early=off is on the kernel command line > vfio_early=off: "
		"take it out of");
	end(&bench);
}

static void mkinitcpio(void **state)
{
	static const char file[] = "etc/mkinitcpio.conf";
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	fake_file(&bench.fake, file, "HOOKS=(base udev)\n");
	EXPECT(&bench, check_hooks);
	fake_file(&bench.fake, "usr/bin/mkinitcpio", "");
	EXPECT(&bench, check_hooks,
		"error /etc/mkinitcpio.conf:1: HOOKS has no vfio-early > "
		"HOOKS=(base vfio-early udev ...) there, then: sudo mkinitcpio -P");
	fake_file(&bench.fake, file,
		"#HOOKS=(base)\nHOOKS=(base udev \\\n kms vfio-early) # all\n");
	EXPECT(&bench, check_hooks,
		"error /etc/mkinitcpio.conf:2: HOOKS has vfio-early after udev");
	fake_file(&bench.fake, "etc/mkinitcpio.conf.d/a.conf",
		"HOOKS=(base vfio-early udev)\n");
	EXPECT(&bench, check_hooks);
	fake_file(&bench.fake, "etc/mkinitcpio.conf.d/b.conf",
		"HOOKS=\"base systemd vfio-early\"\n");
	EXPECT(&bench, check_hooks);
	fake_file(&bench.fake, "etc/mkinitcpio.conf.d/c.conf", "HOOKS=(base systemd)\n");
	EXPECT(&bench, check_hooks,
		"error /etc/mkinitcpio.conf.d/c.conf:1: HOOKS has no vfio-early > "
		"HOOKS=(base vfio-early systemd ...)");
	end(&bench);
}

static void dracut(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	fake_file(&bench.fake, "etc/dracut.conf.d/a.conf",
		"omit_dracutmodules+=\" not-vfio-early plymouth \"\n"
		"omit_drivers+=\" vfio-pci-core \"\n");
	EXPECT(&bench, check_hooks);
	fake_file(&bench.fake, "etc/dracut.conf.d/a.conf",
		"omit_dracutmodules+=\" plymouth vfio-early \"\n"
		"omit_drivers+=\" vfio_pci \"\n");
	EXPECT(&bench, check_hooks,
		"error /etc/dracut.conf.d/a.conf:1: dracut is told to leave vfio-early",
		"error /etc/dracut.conf.d/a.conf:2: dracut is told to leave VFIO's");
	end(&bench);
}

static void modprobe(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	fake_file(&bench.fake, "etc/modprobe.d/good.conf",
		"# options vfio-pci ids=1:2\noptions vfio-pci disable_vga=1\n"
		"blacklist nouveau\nsoftdep vfio-pci post: nvidia\n");
	EXPECT(&bench, check_rivals, "ok : nothing else here binds devices to VFIO");
	fake_file(&bench.fake, "etc/modprobe.d/bad.conf",
		"options vfio_pci disable_vga=1 ids=1:2\nblacklist vfio-pci\n"
		"install vfio_pci /bin/false\ninstall vfio-pci /sbin/own.sh\n"
		"softdep nvidia pre: vfio-pci\n");
	EXPECT(&bench, check_rivals,
		"warning /etc/modprobe.d/bad.conf:1: vfio-pci has ids= > remove the line",
		"error /etc/modprobe.d/bad.conf:2: a module of VFIO is on the blacklist",
		"error /etc/modprobe.d/bad.conf:3: this install line keeps",
		"warning /etc/modprobe.d/bad.conf:4: an install line",
		"note /etc/modprobe.d/bad.conf:5: a softdep");
	end(&bench);
}

static void rivals(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	snprintf(bench.check.cmdline, sizeof(bench.check.cmdline),
		"vfio-pci.ids=1:2 modprobe.blacklist=nouveau,vfio_pci quiet");
	fake_file(&bench.fake, "etc/driverctl.d/pci-0000:01:00.0", "vfio-pci\n");
	fake_file(&bench.fake, "etc/driverctl.d/pci-0000:77:00.0", "vfio-pci\n");
	fake_file(&bench.fake, "usr/local/bin/own", "echo >$d/driver_override\n");
	fake_file(&bench.fake, "usr/local/bin/other", "echo vfio-pci\n");
	fake_file(&bench.fake, "usr/bin/vfio-pci-override.sh", "driver_override\n");
	EXPECT(&bench, check_rivals, "warning kernel command line: vfio-pci.ids=1:2 > ",
		"error kernel command line: vfio-pci is on the blacklist",
		"warning /etc/driverctl.d/pci-0000:01:00.0: driverctl gives 0000:01:00.0 "
		"to vfio-pci > sudo driverctl unset-override 0000:01:00.0",
		"warning /usr/local/bin/own: a script that binds devices by itself",
		"warning /usr/bin/vfio-pci-override.sh: a script that binds");
	end(&bench);
}

static void images(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	EXPECT(&bench, check_images, "warning : no boot image was found");
	fake_file(&bench.fake, "boot/initrd.img-6.1", "no image");
	fake_file(&bench.fake, "boot/initramfs-rescue.img", "no image");
	EXPECT(&bench, check_images,
		"note /boot/initramfs-rescue.img: cannot be read: a part is neither",
		"warning /boot/initrd.img-6.1: cannot be read: a part is neither");
	end(&bench);
}

/* An archive with one empty file. */
static void archive(struct bench *bench, const char *path, const char *name)
{
	const struct cpio_entry file = {
		.name = name, .mode = 0100755, .inode = 1, .links = 1};
	const struct cpio_entry end = {.name = CPIO_TRAILER, .links = 1};
	char bytes[2 * CPIO_HEAD_BYTES_MAX], whole[256];
	int length = cpio_head(&file, bytes);
	FILE *stream;

	assert_true(length > 0);
	length += cpio_head(&end, bytes + length);
	fake_file(&bench->fake, path, "");
	snprintf(whole, sizeof(whole), "%s/%s", bench->fake.path, path);
	stream = fopen(whole, "we");
	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, (size_t)length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

#define STARTS                                                                           \
	"starts the stand-alone archive (rdinit=/vfio-early/init), which none of its "   \
	"initrds has > give it the archive"

static void entries(void **state)
{
	static const char one[] = "boot/loader/entries/one.conf";
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	archive(&bench, "boot/initramfs-6.1.img", "init");
	archive(&bench, "boot/other.cpio", "vfio-early/init");
	fake_file(&bench.fake, one, "options quiet\ninitrd /initramfs-6.1.img\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, one,
		"# initrd /other.cpio\nlinux /vmlinuz\ninitrd /initramfs-6.1.img\n"
		"options root=/dev/sda\noptions \trdinit=/vfio-early/init quiet\n");
	EXPECT(&bench, check_entries, "error /boot/loader/entries/one.conf: " STARTS);
	fake_file(&bench.fake, one,
		"initrd /initramfs-6.1.img $tuned_initrd /missing\n"
		"options rdinit=/vfio-early/init\n");
	EXPECT(&bench, check_entries, "error /boot/loader/entries/one.conf: " STARTS);
	fake_file(&bench.fake, one,
		"initrd /initramfs-6.1.img\ninitrd /@/boot/other.cpio\n"
		"options rdinit=/vfio-early/init\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, one,
		"initrd /initramfs-6.1.img /other.cpio\r\n"
		"options quiet rdinit=/vfio-early/init\r\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, one,
		"initrd /initramfs-6.1.img\n"
		"options rdinit=/vfio-early/init rdinit=/other\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, "boot/no.img", "no image");
	fake_file(&bench.fake, one, "initrd /no.img\noptions rdinit=/vfio-early/init\n");
	EXPECT(&bench, check_entries,
		"warning /boot/loader/entries/one.conf: starts the stand-alone archive, "
		"and an initrd of it cannot be read: a part is neither");
	fake_file(&bench.fake, one,
		"initrd /no.img\ninitrd /other.cpio\n"
		"options rdinit=/vfio-early/init\n");
	EXPECT(&bench, check_entries);
	end(&bench);
}

static void grub(void **state)
{
	static const char cfg[] = "boot/grub/grub.cfg";
	struct bench bench;

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	archive(&bench, "boot/initrd.img-6.1", "init");
	archive(&bench, "boot/vfio-early.cpio", "vfio-early/init");
	fake_file(&bench.fake, cfg,
		"set timeout=5\nmenuentry 'one' {\n"
		"\tlinux\t/vmlinuz-6.1 root=/dev/sda rdinit=/vfio-early/init\n"
		"\tinitrd\t/vfio-early.cpio /initrd.img-6.1\n}\n"
		"menuentry 'recovery' {\n\tlinux /vmlinuz-6.1 single\n"
		"\tinitrd /initrd.img-6.1\n}\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, cfg,
		"menuentry 'one' {\n"
		"\tlinux\t/vmlinuz-6.1 rdinit=/vfio-early/init\n"
		"\tinitrd\t/initrd.img-6.1\n}\n"
		"menuentry 'two' {\n"
		"\tlinux\t/vmlinuz-6.1 rdinit=/vfio-early/init\n"
		"\tinitrd\t/initrd.img-6.1\n}\n");
	EXPECT(&bench, check_entries, "error /boot/grub/grub.cfg:2: " STARTS);
	fake_file(&bench.fake, cfg,
		"menuentry 'none' {\nlinux /vmlinuz-6.1 rdinit=/vfio-early/init\n"
		"}\nmenuentry 'one' {\ninitrd /vfio-early.cpio\n}\n");
	EXPECT(&bench, check_entries, "error /boot/grub/grub.cfg:2: " STARTS);
	end(&bench);
}

static void next_entry(void **state)
{
	static const char plugins[] = "usr/lib/kernel/install.d/";
	static const char words[] = "etc/kernel/cmdline", mask[] = "/dev/null";
	struct bench bench;
	char path[128];

	(void)state;
	begin(&bench, "group=1");
	survey(&bench);
	fake_file(&bench.fake, words, "root=/dev/sda\nrdinit=/vfio-early/init\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, "usr/bin/kernel-install", "");
	EXPECT(&bench, check_entries,
		"error /etc/kernel/cmdline: has rdinit=/vfio-early/init, and the plugin "
		"that puts the archive into boot entries is not installed > take it out");
	fake_file(&bench.fake, "etc/kernel/install.conf", "layout=efistub\n");
	EXPECT(&bench, check_entries,
		"error /etc/kernel/cmdline: has rdinit=/vfio-early/init, and by its "
		"layout another program");
	fake_remove(&bench.fake, "etc/kernel/install.conf");
	snprintf(path, sizeof(path), "%s55-vfio-early.install", plugins);
	fake_file(&bench.fake, path, "x");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, "etc/kernel/install.conf", "layout=grub\n");
	EXPECT(&bench, check_entries);
	fake_remove(&bench.fake, "etc/kernel/install.conf");
	snprintf(path, sizeof(path), "%s20-grub.install", plugins);
	fake_file(&bench.fake, path, "x");
	EXPECT(&bench, check_entries,
		"error /etc/kernel/cmdline: has rdinit=/vfio-early/init, and "
		"GRUB's plugin 20-grub.install writes the boot entries, without the "
		"archive > take it");
	fake_file(&bench.fake, "efi/loader/entries.srel", "type1\n");
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, "etc/kernel/install.conf", "layout=other\n");
	EXPECT(&bench, check_entries, "error /etc/kernel/cmdline: ");
	fake_file(&bench.fake, "etc/kernel/install.conf", "layout=auto\n");
	EXPECT(&bench, check_entries);
	fake_remove(&bench.fake, "efi/loader/entries.srel");
	fake_file(&bench.fake, "etc/machine-id", "0123\n");
	fake_file(&bench.fake, "boot/0123/6.1/linux", "x");
	EXPECT(&bench, check_entries);
	fake_remove(&bench.fake, "etc/machine-id");
	EXPECT(&bench, check_entries, "error /etc/kernel/cmdline: ");
	fake_link(&bench.fake, "etc/kernel/install.d/20-grub.install", mask);
	EXPECT(&bench, check_entries);
	fake_file(&bench.fake, "usr/bin/sdbootutil", "x");
	fake_file(&bench.fake, "etc/kernel/install.conf", "layout=bls\n");
	EXPECT(&bench, check_entries,
		"error /etc/kernel/cmdline: has rdinit=/vfio-early/init, and sdbootutil "
		"writes");
	fake_file(&bench.fake, "etc/kernel/proxmox-boot-uuids", "x");
	EXPECT(&bench, check_entries,
		"error /etc/kernel/cmdline: has rdinit=/vfio-early/init, and "
		"proxmox-boot-tool writes");
	fake_file(&bench.fake, words, "root=/dev/sda\n");
	EXPECT(&bench, check_entries);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iommu),
		cmocka_unit_test(plan),
		cmocka_unit_test(mkinitcpio),
		cmocka_unit_test(dracut),
		cmocka_unit_test(modprobe),
		cmocka_unit_test(rivals),
		cmocka_unit_test(images),
		cmocka_unit_test(entries),
		cmocka_unit_test(grub),
		cmocka_unit_test(next_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
