/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is found of us in images, how they start it, and whether the config is the same.
 */
#include "cli/image_config.h"
#include "cli/image_start.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Contents as a reader would have added them. */
static void has(
	struct image_contents *contents, const char *path, bool is_link, const char *text)
{
	struct image_file *files =
		reallocarray(contents->files, contents->count + 1, sizeof(*files));

	assert_non_null(files);
	contents->files = files;
	files[contents->count++] = (struct image_file){.path = strdup(path),
		.is_link = is_link,
		.bytes = strdup(text),
		.length = strlen(text)};
}

static enum image_start start(const struct image_contents *contents, bool rdinit)
{
	const char *folder, *how;

	return image_start_find(contents, rdinit, &folder, &how);
}

static void scripts(void **state)
{
	struct image_contents contents = {0};

	(void)state;
	assert_int_equal(start(&contents, false), START_NEVER);
	has(&contents, "scripts/init-top/00-vfio-early", false, "");
	assert_int_equal(start(&contents, false), START_NEVER);
	has(&contents, "scripts/init-top/ORDER", false,
		"/scripts/init-top/udev \"$@\"\n/scripts/init-top/00-vfio-early "
		"\"$@\"\n");
	assert_int_equal(start(&contents, false), START_LATE);
	has(&contents, "scripts/init-top/ORDER", false,
		"/scripts/init-top/00-vfio-early \"$@\"\n/scripts/init-top/udev "
		"\"$@\"\n");
	assert_int_equal(start(&contents, false), START_IN_TIME);
	image_contents_clear(&contents);
}

/* mkinitcpio's images have both the unit and the hook, whatever runs them. */
static void units_and_hooks(void **state)
{
	struct image_contents contents = {0};

	(void)state;
	has(&contents, "hooks/vfio-early", false, "");
	has(&contents, "usr/lib/systemd/system/vfio-early.service", false, "");
	has(&contents, "usr/lib/systemd/system/sysinit.target.wants/vfio-early.service",
		true, "../vfio-early.service");
	assert_int_equal(start(&contents, false), START_NEVER);
	has(&contents, "config", false, "EARLYHOOKS=\"udev vfio-early\"\nHOOKS=\"\"\n");
	assert_int_equal(start(&contents, false), START_LATE);
	has(&contents, "config", false, "EARLYHOOKS=\"not-vfio-early udev\"\n");
	assert_int_equal(start(&contents, false), START_NEVER);
	has(&contents, "config", false, "EARLYHOOKS=\"vfio-early udev\"\n");
	assert_int_equal(start(&contents, false), START_IN_TIME);
	contents.has_systemd = true;
	has(&contents, "config", false, "EARLYHOOKS=\"\"\n");
	assert_int_equal(start(&contents, false), START_IN_TIME);
	image_contents_clear(&contents);
}

static void standalone(void **state)
{
	struct image_contents contents = {0};

	(void)state;
	has(&contents, "vfio-early/init", false, "");
	assert_int_equal(start(&contents, false), START_STANDALONE_WITHOUT_WORD);
	assert_int_equal(start(&contents, true), START_IN_TIME);
	has(&contents, "var/lib/dracut/hooks/cmdline/00-vfio-early.sh", false, "");
	assert_int_equal(start(&contents, false), START_IN_TIME);
	image_contents_clear(&contents);
}

static void modules(void **state)
{
	struct image_contents contents = {0};

	(void)state;
	has(&contents, "usr/lib/modules/6.1/kernel/vfio_pci_core.ko.xz", false, "");
	assert_false(image_contents_has_module(&contents, "", "vfio-pci"));
	assert_true(image_contents_has_module(&contents, "", "vfio-pci-core"));
	has(&contents, "vfio-early/usr/lib/modules/6.1/vfio-pci.ko", false, "");
	assert_false(image_contents_has_module(&contents, "", "vfio-pci"));
	assert_true(image_contents_has_module(&contents, STANDALONE_FOLDER, "vfio_pci"));
	image_contents_clear(&contents);
}

static void expect_config(const struct fake *fake, const struct image_contents *contents,
	enum image_config wanted, const char *wanted_path)
{
	char path[IMAGE_CONFIG_PATH_MAX] = "";

	assert_int_equal(
		image_config_compare(fake->root, contents, "", path), (int)wanted);
	assert_string_equal(path, wanted_path);
}

static void config(void **state)
{
	struct image_contents contents = {0};
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	expect_config(&fake, &contents, CONFIG_SAME, "");
	fake_file(&fake, "etc/vfio-early.conf", "01:00.0\n");
	expect_config(&fake, &contents, CONFIG_MISSING, "/etc/vfio-early.conf");
	has(&contents, "etc/vfio-early.conf", true, "unusable-when-this-image-was-made");
	expect_config(&fake, &contents, CONFIG_UNUSABLE, "/etc/vfio-early.conf");
	has(&contents, "etc/vfio-early.conf", false, "01:00.1\n");
	expect_config(&fake, &contents, CONFIG_DIFFERENT, "/etc/vfio-early.conf");
	has(&contents, "etc/vfio-early.conf", false, "01:00.0\n");
	expect_config(&fake, &contents, CONFIG_SAME, "");
	has(&contents, "etc/vfio-early.conf.d/a.conf", false, "");
	expect_config(&fake, &contents, CONFIG_EXTRA, "/etc/vfio-early.conf.d/a.conf");
	fake_link(&fake, "etc/vfio-early.conf.d/a.conf", "/dev/null");
	expect_config(
		&fake, &contents, CONFIG_DIFFERENT, "/etc/vfio-early.conf.d/a.conf");
	has(&contents, "etc/vfio-early.conf.d/a.conf", true, "/dev/null");
	expect_config(&fake, &contents, CONFIG_SAME, "");
	fake_file(&fake, "etc/vfio-early.conf.d/.b.conf.swp", "");
	fake_file(&fake, "etc/vfio-early.conf.d/note.txt", "");
	expect_config(&fake, &contents, CONFIG_SAME, "");
	fake_file(&fake, "usr/lib/vfio-early.conf.d/c.conf", "");
	expect_config(
		&fake, &contents, CONFIG_MISSING, "/usr/lib/vfio-early.conf.d/c.conf");
	image_contents_clear(&contents);
	fake_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(units_and_hooks),
		cmocka_unit_test(standalone),
		cmocka_unit_test(modules),
		cmocka_unit_test(config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
