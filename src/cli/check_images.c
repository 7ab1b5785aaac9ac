/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_loader.h"
#include "check_parts.h"
#include "core/facts.h"
#include "image_config.h"
#include "image_sets.h"
#include "image_start.h"
#include "rebuild_words.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPIC         "image"
#define BINDER        "usr/lib/vfio-early/vfio-early-boot"
#define FACTS         "etc/vfio-early.facts"
#define STANDALONE    ".cpio"
#define TYPE1         "vfio_iommu_type1"
#define SUBJECT_BYTES 1024

struct image_check {
	struct check *check;
	const struct image_set *set;
	struct image_contents contents;
	const char *folder; /* in which the binder's files are */
	const char *how;    /* it is started */
	char subject[SUBJECT_BYTES];
	char rebuild[REBUILD_TEXT_MAX];
	enum advice_level worst;
};

/* Nobody expects it of a rescue image, and without rules nothing is missed. */
static void begin_advice(struct image_check *image, enum advice_level level)
{
	if (image->set->is_spare || !check_has_rules(image->check))
		level = ADVICE_NOTE;
	if (level > image->worst)
		image->worst = level;
	advice_add(&image->check->advices, level, TOPIC, image->subject);
}

static void lacks_binder(struct image_check *image)
{
	struct advices *advices = &image->check->advices;

	begin_advice(image, ADVICE_ERROR);
	advice_what(advices, "vfio-early is not in it%s",
		image->set->is_spare ? ": a way back, by its name" : "");
	if (image->set->is_spare)
		return;
	advice_why(advices, "a boot with it takes no device");
	advice_fix(advices, "%s", image->rebuild);
}

/* A unified kernel image's own command line starts the archive, which it does not have.
 */
static bool begins_with_nothing(const struct image_check *image)
{
	return image->contents.cmdline &&
	       image_start_is_standalone(image->contents.cmdline) &&
	       !image_contents_find(&image->contents, STANDALONE_FOLDER, "init");
}

static void panics(struct image_check *image)
{
	struct advices *advices = &image->check->advices;

	advice_add(advices, ADVICE_ERROR, TOPIC, image->subject);
	advice_what(advices, "starts the stand-alone archive (rdinit=" STANDALONE_INIT
			     "), which is not in it");
	advice_why(advices,
		"with it the kernel panics, since it does not go on without what rdinit= "
		"names");
	advice_fix(advices,
		"build it again without rdinit= (in /etc/kernel/cmdline), or with the "
		"archive that vfio-early image writes");
}

static void look_at_start(struct image_check *image)
{
	struct check *check = image->check;
	struct advices *advices = &check->advices;
	const char *cmdline =
		image->contents.cmdline ? image->contents.cmdline : check->cmdline;
	bool rdinit = image_start_is_standalone(cmdline);
	char fix[CHECK_TEXT_MAX / 4];

	switch (image_start_find(&image->contents, rdinit, &image->folder, &image->how)) {
	case START_IN_TIME:
		return;
	case START_LATE:
		begin_advice(image, ADVICE_ERROR);
		advice_what(advices, "vfio-early runs after udev (%s)", image->how);
		advice_why(advices, "udev loads the drivers that were to be kept off");
		advice_fix(advices,
			"mkinitcpio: HOOKS=(base vfio-early udev ...) in "
			"/etc/mkinitcpio.conf; initramfs-tools: no script of init-top "
			"may "
			"be a prerequisite of 00-vfio-early; then: %s",
			image->rebuild);
		return;
	case START_NEVER:
		begin_advice(image, ADVICE_ERROR);
		advice_what(advices, "vfio-early is in it, and nothing starts it");
		advice_why(advices, "a boot with it takes no device");
		advice_fix(advices, "%s", image->rebuild);
		return;
	case START_STANDALONE_WITHOUT_WORD:
		boot_loader_fix(boot_loader_find(check->root), true,
			"rdinit=" STANDALONE_INIT, fix, sizeof(fix));
		begin_advice(image, ADVICE_ERROR);
		advice_what(advices, "has the stand-alone archive, and the command line "
				     "does not start it");
		advice_why(advices, "a boot with it takes no device");
		advice_fix(advices, "%s", fix);
		return;
	}
}

/* Another build of the program than the one that is installed. */
static void compare_binder(struct image_check *image)
{
	const struct image_file *ours =
		image_contents_find(&image->contents, image->folder, BINDER);
	cleanup_free char *bytes = NULL;
	size_t length;

	if (!ours || !ours->bytes ||
		proc_read(image->check->root, BINDER, BOOT_IMAGE_FILE_MAX, &bytes,
			&length) < 0 ||
		(length == ours->length && memcmp(bytes, ours->bytes, length) == 0))
		return;
	begin_advice(image, ADVICE_WARNING);
	advice_what(&image->check->advices,
		"has another build of vfio-early than the one installed");
	advice_why(&image->check->advices,
		"what is foretold here is what the installed one would do");
	advice_fix(&image->check->advices, "%s", image->rebuild);
}

static void compare_config(struct image_check *image)
{
	static const char *const words[] = {
		[CONFIG_MISSING] = "%s is not in it",
		[CONFIG_EXTRA] = "has %s, which is no longer on the disk",
		[CONFIG_DIFFERENT] = "its %s is not the one on the disk",
		[CONFIG_UNUSABLE] = "%s could not be used when it was made",
	};
	struct advices *advices = &image->check->advices;
	char path[IMAGE_CONFIG_PATH_MAX], what[IMAGE_CONFIG_PATH_MAX + 64];
	int r = image_config_compare(
		image->check->root, &image->contents, image->folder, path);
	const char *at;

	if (r < 0)
		advices->incomplete = true;
	if (r <= CONFIG_SAME)
		return;
	at = strstr(words[r], "%s");
	snprintf(what, sizeof(what), "%.*s%s%s", (int)(at - words[r]), words[r], path,
		at + 2);
	begin_advice(image, ADVICE_ERROR);
	advice_what(advices, "%s", what);
	advice_why(advices, "%s",
		r == CONFIG_UNUSABLE
			? "the boot takes nothing, since a keep line might be missing"
			: "the boot does what the image says, not what is configured "
			  "now");
	advice_fix(advices, "%s", image->rebuild);
}

/* The version whose modules are installed, or NULL. */
static const char *version_of(const struct image_check *image)
{
	const struct kernels *kernels = &image->check->kernels;
	const char *version = image->contents.version;

	if (version && kernels_get(kernels, version))
		return kernels_get(kernels, version);
	return kernels_get(kernels, image->set->version);
}

/* A module that no kernel here has is told of elsewhere; one that is built in needs none.
 */
static bool needs_module(const struct image_check *image, const char *name)
{
	const char *version = version_of(image);

	if (!version)
		return true;
	return kernel_has_module(image->check->root, version, name) &&
	       !kernel_has_built_in(image->check->root, version, name);
}

static void look_at_modules(struct image_check *image)
{
	struct advices *advices = &image->check->advices;
	struct module_names names = {.count = 0};

	if (check_drivers(image->check, &names) < 0 ||
		module_names_add(&names, TYPE1) == -ENOMEM)
		advices->incomplete = true;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.names[i];

		if (image_contents_has_module(&image->contents, image->folder, name) ||
			!needs_module(image, name))
			continue;
		begin_advice(image, ADVICE_ERROR);
		advice_what(advices, "the module %s is not in it", name);
		advice_why(advices, "a boot with it cannot bind devices to %s",
			strcmp(name, TYPE1) == 0 ? "VFIO drivers" : name);
		advice_fix(advices, "%s", image->rebuild);
	}
	module_names_clear(&names);
}

/* Whether both know a root file system by a name, and no name is the same. */
static bool is_other_root(const struct facts *facts, const struct needs *needs)
{
	if (facts->root_name_count == 0 || needs->root_name_count == 0)
		return false;
	for (unsigned i = 0; i < facts->root_name_count; i++)
		for (unsigned j = 0; j < needs->root_name_count; j++)
			if (facts->root_names[i].kind == needs->root_names[j].kind &&
				strcmp(facts->root_names[i].value,
					needs->root_names[j].value) == 0)
				return false;
	return true;
}

/* What the host needed when the image was made. */
static void look_at_facts(struct image_check *image)
{
	const struct image_file *file =
		image_contents_find(&image->contents, image->folder, FACTS);
	struct facts facts = {0};
	const char *what = NULL;
	unsigned line;
	int r = file && file->bytes
			? facts_parse(file->bytes, file->length, &facts, &line)
			: -ENOENT;

	if (r == -ENOMEM)
		image->check->advices.incomplete = true;
	else if (r == -ENOENT)
		what = "has no record of what this host needs";
	else if (r < 0)
		what = "its record of what this host needs is of another version";
	else if (is_other_root(&facts, &image->check->survey->machine.needs))
		what = "its record of what this host needs is about another root file "
		       "system";
	if (r == 0)
		facts_clear(&facts);
	if (!what)
		return;
	begin_advice(image, ADVICE_WARNING);
	advice_what(&image->check->advices, "%s", what);
	advice_why(&image->check->advices,
		"at boot less is known about which disks have to stay");
	advice_fix(&image->check->advices, "%s", image->rebuild);
}

static void look_at(struct image_check *image)
{
	bool standalone =
		image_contents_find(&image->contents, STANDALONE_FOLDER, "init");

	if (begins_with_nothing(image)) {
		panics(image);
		return;
	}
	if (!standalone && !image_contents_find(&image->contents, "", BINDER)) {
		lacks_binder(image);
		return;
	}
	look_at_start(image);
	compare_binder(image);
	compare_config(image);
	look_at_modules(image);
	look_at_facts(image);
	if (image->worst > ADVICE_OK)
		return;
	advice_add(&image->check->advices, ADVICE_OK, TOPIC, image->subject);
	advice_what(&image->check->advices,
		"has vfio-early, started in time (%s), its modules and this "
		"configuration",
		image->how);
}

/* The archive of vfio-early image, which a boot loader loads beside every image. */
static int add_standalone(void *context, int dir, const char *name)
{
	struct image_check *image = context;
	char path[300], problem[BOOT_IMAGE_PROBLEM_MAX];
	size_t length = strlen(name), end = strlen(STANDALONE);

	(void)dir;
	if (length <= end || strcmp(name + length - end, STANDALONE) != 0)
		return 0;
	snprintf(path, sizeof(path), "boot/%s", name);
	return image_contents_read(image->check->root, path, &image->contents, problem) ==
			       -ENOMEM
		       ? -ENOMEM
		       : 0;
}

static int read_set(struct image_check *image, char problem[BOOT_IMAGE_PROBLEM_MAX])
{
	const struct check *check = image->check;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->set->count; i++)
		r = image_contents_read(
			check->root, image->set->files[i], &image->contents, problem);
	if (r == 0 && image_start_is_standalone(check->cmdline) &&
		!image_contents_find(&image->contents, STANDALONE_FOLDER, "init"))
		r = dir_for_each(check->root, "boot", add_standalone, image);
	return r == -ENOENT ? 0 : r;
}

static void name_subject(struct image_check *image)
{
	size_t used = 0;

	for (size_t i = 0; i < image->set->count && used < SUBJECT_BYTES; i++)
		used += (size_t)snprintf(image->subject + used, SUBJECT_BYTES - used,
			"%s/%s", i ? " + " : "", image->set->files[i]);
}

static void check_set(struct check *check, const struct image_set *set)
{
	struct image_check image = {.check = check, .set = set, .folder = "", .how = ""};
	char problem[BOOT_IMAGE_PROBLEM_MAX] = "";
	int r;

	name_subject(&image);
	rebuild_words(check->root, image.rebuild);
	r = read_set(&image, problem);
	if (r == 0) {
		look_at(&image);
	} else if (r == -ENOMEM) {
		check->advices.incomplete = true;
	} else {
		begin_advice(&image, ADVICE_WARNING);
		advice_what(&check->advices, "cannot be read: %s",
			problem[0] ? problem : strerror(-r));
		advice_why(&check->advices, "what a boot with it does is not known");
		advice_fix(&check->advices, "%s",
			r == -EACCES ? "run vfio-early check as root" : image.rebuild);
	}
	image_contents_clear(&image.contents);
}

void check_images(struct check *check)
{
	struct image_sets *sets = calloc(1, sizeof(*sets));

	if (!sets || image_sets_find(check->root, sets) < 0)
		check->advices.incomplete = true;
	for (size_t i = 0; sets && i < sets->count; i++)
		check_set(check, &sets->items[i]);
	if (sets && sets->count == 0) {
		advice_add(&check->advices, ADVICE_WARNING, TOPIC, "");
		advice_what(&check->advices,
			"no boot image was found in /boot, /efi and /boot/efi");
		advice_why(&check->advices, "whether one has vfio-early is not known");
		advice_fix(&check->advices,
			"mount the boot partition, or run vfio-early check as root");
	}
	if (sets)
		image_sets_clear(sets);
	free(sets);
}
