/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which boot images a system has, and which boot loader. */
#include "cli/image_sets.h"

#include "cli/boot_loader.h"
#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* "FILE FILE VERSION[ spare][ uki];" for each. */
static void expect_sets(const struct fake *fake, const char *wanted)
{
	static struct image_sets sets;
	char text[2048] = "";

	assert_int_equal(image_sets_find(fake->root, &sets), 0);
	for (size_t i = 0; i < sets.count; i++) {
		const struct image_set *set = &sets.items[i];

		for (size_t j = 0; j < set->count; j++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
				set->files[j]);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s;",
			set->version, set->is_spare ? " spare" : "",
			set->is_uki ? " uki" : "");
	}
	image_sets_clear(&sets);
	assert_string_equal(text, wanted);
}

static void by_name(void **state)
{
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	expect_sets(&fake, "");
	fake_file(&fake, "boot/initrd.img-6.1", "x");
	fake_file(&fake, "boot/initrd.img-6.1.old-dkms", "x");
	fake_link(&fake, "boot/initrd.img", "initrd.img-6.1");
	fake_file(&fake, "boot/vmlinuz-6.1", "x");
	fake_file(&fake, "boot/initramfs-6.2kdump.img", "x");
	fake_file(&fake, "boot/initramfs-linux.img", "x");
	fake_file(&fake, "boot/initramfs-linux-fallback.img", "x");
	fake_file(&fake, "boot/initramfs-0-rescue-abc.img", "x");
	fake_file(&fake, "boot/initramfs-empty.img", "");
	expect_sets(&fake, "boot/initramfs-0-rescue-abc.img 0-rescue-abc spare;"
			   "boot/initramfs-linux-fallback.img linux-fallback spare;"
			   "boot/initramfs-linux.img linux;"
			   "boot/initrd.img-6.1 6.1;");
	fake_end(&fake);
}

static void of_entries(void **state)
{
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	fake_file(&fake, "efi/abc/6.1/linux", "x");
	fake_file(&fake, "efi/abc/6.1/initrd_vfio-early", "x");
	fake_file(&fake, "efi/abc/6.1/initrd", "x");
	fake_file(&fake, "efi/own.img", "x");
	fake_file(&fake, "efi/more.cpio", "x");
	fake_file(&fake, "efi/loader/entries/own.conf",
		"title Own\nlinux /vmlinuz\ninitrd  /own.img\ninitrd\t/more.cpio\n"
		"initrd /missing\noptions initrd=/own.img\n");
	fake_file(&fake, "efi/loader/entries/abc.conf", "initrd /abc/6.1/initrd\n");
	expect_sets(&fake, "efi/abc/6.1/initrd efi/abc/6.1/initrd_vfio-early 6.1;"
			   "efi/more.cpio efi/own.img ;");
	fake_end(&fake);
}

static void of_uki(void **state)
{
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	fake_file(&fake, "boot/efi/EFI/Linux/arch.efi", "MZ");
	fake_file(&fake, "boot/efi/EFI/Linux/arch.efi.extra.d/v.addon.efi", "MZ");
	fake_file(&fake, "boot/efi/EFI/Linux/arch.efi.extra.d/v.cred", "x");
	expect_sets(&fake, "boot/efi/EFI/Linux/arch.efi "
			   "boot/efi/EFI/Linux/arch.efi.extra.d/v.addon.efi  uki;");
	fake_end(&fake);
}

static void expect_fix(const struct fake *fake, bool add, const char *part)
{
	char fix[512];

	boot_loader_fix(boot_loader_find(fake->root), add, "iommu=pt", fix, sizeof(fix));
	if (!strstr(fix, part) || !strstr(fix, "iommu=pt"))
		fail_msg("%s", fix);
}

static void loaders(void **state)
{
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	expect_fix(&fake, true, "where your boot loader has it");
	fake_file(&fake, "boot/EFI/Linux/a.efi", "x");
	expect_fix(&fake, true, "build the unified kernel image again");
	fake_file(&fake, "boot/loader/entries/a.conf", "x");
	expect_fix(&fake, true, "loader/entries/*.conf");
	fake_file(&fake, "etc/kernel/cmdline", "x");
	expect_fix(&fake, true, "kernel-install add");
	fake_file(&fake, "etc/default/grub", "x");
	expect_fix(&fake, true, "grub-mkconfig -o /boot/grub/grub.cfg");
	fake_file(&fake, "usr/sbin/grub2-mkconfig", "x");
	expect_fix(&fake, true, "grub2-mkconfig -o /boot/grub2/grub.cfg");
	fake_file(&fake, "usr/sbin/update-grub", "x");
	expect_fix(&fake, false, "take it out of GRUB_CMDLINE_LINUX_DEFAULT");
	fake_file(&fake, "usr/sbin/grubby", "x");
	expect_fix(&fake, false, "grubby --update-kernel=ALL --remove-args=");
	fake_file(&fake, "etc/kernelstub/configuration", "x");
	expect_fix(&fake, true, "kernelstub --add-options");
	fake_file(&fake, "run/ostree-booted", "x");
	expect_fix(&fake, false, "rpm-ostree kargs --delete-if-present=");
	fake_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(of_entries),
		cmocka_unit_test(of_uki),
		cmocka_unit_test(loaders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
