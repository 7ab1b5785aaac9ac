/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else on this system binds devices for virtual machines, or keeps VFIO off. */
#include "boot_loader.h"
#include "check_parts.h"
#include "config_lines.h"
#include "core/cmdline.h"
#include "rebuild_words.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPIC            "rival"
#define SCRIPT_BYTES_MAX 262144

/* Modules without which nothing is bound. */
static const char *const needed[] = {"vfio-pci", "vfio", "vfio_iommu_type1"};
#define NEEDED_COUNT (sizeof(needed) / sizeof(needed[0]))

static bool is_needed(const char *name, size_t length)
{
	for (size_t i = 0; i < NEEDED_COUNT; i++)
		if (cmdline_name_is(name, length, needed[i]))
			return true;
	return false;
}

static enum advice_level fatal(const struct check *check)
{
	return check_has_rules(check) ? ADVICE_ERROR : ADVICE_NOTE;
}

static void fix_file(struct check *check)
{
	char rebuild[REBUILD_TEXT_MAX];

	rebuild_words(check->root, rebuild);
	advice_fix(&check->advices, "remove the line, then: %s", rebuild);
}

struct words {
	const char *at[3];
	size_t length[3];
	const char *rest; /* behind the second */
};

static struct words split(const char *line)
{
	struct words words = {0};
	const char *at = line;

	for (size_t i = 0; i < 3; i++) {
		at += strspn(at, " \t");
		words.at[i] = at;
		words.length[i] = strcspn(at, " \t");
		at += words.length[i];
		if (i == 1)
			words.rest = at;
	}
	return words;
}

static bool is_word(const struct words *words, size_t index, const char *text)
{
	return words->length[index] == strlen(text) &&
	       memcmp(words->at[index], text, words->length[index]) == 0;
}

/* Commands that only keep a module from being loaded, as the loader has it. */
static bool is_ban(const struct words *words)
{
	return config_has_word(words->rest, "false") ||
	       config_has_word(words->rest, "true");
}

static void about_line(struct check *check, enum advice_level level, const char *path,
	unsigned number, const char *what, const char *why)
{
	char subject[CONFIG_LINE_PATH_MAX + 16];

	snprintf(subject, sizeof(subject), "/%s:%u", path, number);
	advice_add(&check->advices, level, TOPIC, subject);
	advice_what(&check->advices, "%s", what);
	advice_why(&check->advices, "%s", why);
	fix_file(check);
}

static void read_modprobe(
	void *context, const char *path, unsigned number, const char *line)
{
	struct check *check = context;
	const struct words words = split(line);
	bool ours = is_needed(words.at[1], words.length[1]);

	if (is_word(&words, 0, "options") && ours && strstr(words.rest, " ids="))
		about_line(check, ADVICE_WARNING, path, number, "vfio-pci has ids=",
			"it takes every device with these ids, also the one that is "
			"meant "
			"for the host, and asks no guard");
	else if (is_word(&words, 0, "blacklist") && ours)
		about_line(check, fatal(check), path, number,
			"a module of VFIO is on the blacklist",
			"it is not loaded then, and no device is bound");
	else if (is_word(&words, 0, "install") && ours && is_ban(&words))
		about_line(check, fatal(check), path, number,
			"this install line keeps a module of VFIO from being loaded",
			"no device is bound then");
	else if (is_word(&words, 0, "install") && ours)
		about_line(check, ADVICE_WARNING, path, number,
			"an install line for a module of VFIO",
			"vfio-early never runs its command and loads the module; "
			"modprobe(8) runs it later, and what it binds no guard has seen");
	else if (is_word(&words, 0, "softdep") && !ours &&
		 config_has_word(words.rest, "vfio-pci"))
		about_line(check, ADVICE_NOTE, path, number,
			"a softdep that loads vfio-pci before another driver",
			"vfio-early comes before all drivers: it is not needed any more");
}

static void about_word(struct check *check, enum advice_level level, const char *name,
	size_t name_length, const char *value, size_t value_length, const char *why)
{
	char word[512], fix[CHECK_TEXT_MAX / 2];

	snprintf(word, sizeof(word), "%.*s=%.*s", (int)name_length, name,
		(int)value_length, value ? value : "");
	boot_loader_fix(boot_loader_find(check->root), false, word, fix, sizeof(fix));
	advice_add(&check->advices, level, TOPIC, "kernel command line");
	advice_what(&check->advices, "%s", word);
	advice_why(&check->advices, "%s", why);
	advice_fix(&check->advices, "%s", fix);
}

static bool read_parameter(void *context, const char *name, size_t name_length,
	const char *value, size_t value_length)
{
	static const struct {
		const char *name;
		const char *why;
	} rivals[] = {
		{"vfio-pci.ids",
			"it takes every device with these ids, also the one that "
			"is meant for the host, and asks no guard"},
		{"pci-stub.ids", "pci-stub takes every device with these ids"},
		{"xen-pciback.hide", "xen-pciback takes these devices"},
		{"pciback.hide", "xen-pciback takes these devices"},
	};
	struct check *check = context;

	for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++)
		if (cmdline_name_is(name, name_length, rivals[i].name))
			about_word(check, ADVICE_WARNING, name, name_length, value,
				value_length, rivals[i].why);
	return true;
}

static void check_command_line(struct check *check)
{
	size_t length = strlen(check->cmdline);

	cmdline_for_each(check->cmdline, length, read_parameter, check);
	for (size_t i = 0; i < NEEDED_COUNT; i++) {
		if (!cmdline_blacklists(check->cmdline, length, needed[i]))
			continue;
		advice_add(&check->advices, fatal(check), TOPIC, "kernel command line");
		advice_what(&check->advices, "%s is on the blacklist", needed[i]);
		advice_why(
			&check->advices, "it is not loaded then, and no device is bound");
		advice_fix(&check->advices,
			"take it out of modprobe.blacklist= or module_blacklist=");
	}
}

/* driverctl(8): one file for each device, its name BUS-ADDRESS, its text the driver. */
static int visit_override(void *context, int dir, const char *name)
{
	static const char bus[] = "pci-";
	struct check *check = context;
	char subject[CONFIG_LINE_PATH_MAX], driver[SYSFS_TEXT_MAX];
	struct pci_address address;
	const char *device = name + strlen(bus);

	if (strncmp(name, bus, strlen(bus)) != 0 ||
		pci_address_parse(device, strlen(device), &address) < 0 ||
		!machine_find(&check->survey->machine, &address) ||
		sysfs_read_text(dir, name, driver, sizeof(driver)) < 0)
		return 0;
	snprintf(subject, sizeof(subject), "/etc/driverctl.d/%s", name);
	advice_add(&check->advices, ADVICE_WARNING, TOPIC, subject);
	advice_what(&check->advices, "driverctl gives %s to %s", device, driver);
	advice_why(&check->advices,
		"it does so after the boot image, whatever was decided there");
	advice_fix(&check->advices, "sudo driverctl unset-override %s", device);
	return 0;
}

struct folder {
	struct check *check;
	const char *path;
};

/* A script that sets overrides by itself; ours do not. */
static int visit_script(void *context, int dir, const char *name)
{
	struct folder *folder = context;
	cleanup_free char *text = NULL;
	char subject[CONFIG_LINE_PATH_MAX];
	size_t length;

	if (proc_read(dir, name, SCRIPT_BYTES_MAX, &text, &length) < 0 ||
		!(strstr(text, "driver_override") ||
			(strstr(text, "vfio-pci") && strstr(text, "new_id"))))
		return 0;
	snprintf(subject, sizeof(subject), "/%s/%s", folder->path, name);
	advice_add(&folder->check->advices, ADVICE_WARNING, TOPIC, subject);
	advice_what(&folder->check->advices, "a script that binds devices by itself");
	advice_why(&folder->check->advices,
		"it may bind other devices than are configured, and asks no guard");
	advice_fix(&folder->check->advices,
		"remove it and what calls it (install lines in /etc/modprobe.d, units, "
		"hooks), once vfio-early.conf has its devices");
	return 0;
}

static void check_scripts(struct check *check)
{
	static const char *const folders[] = {"etc/initramfs-tools/scripts/init-top",
		"etc/initramfs-tools/scripts/init-premount", "etc/initcpio/hooks",
		"etc/systemd/system", "etc/local.d", "usr/local/bin", "usr/local/sbin"};
	/* Names that are passed on in the wikis, in folders that hold a lot else. */
	static const char *const files[] = {"vfio-pci-override.sh", "vfio-pci-override",
		"vfio-pci-override-vga.sh", "vfio-bind", "vfio-bind.sh", "vfio-setup.sh"};
	static const char *const large[] = {"usr/bin", "usr/sbin", "sbin", "bin"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct folder folder = {.check = check, .path = folders[i]};

		(void)dir_for_each(check->root, folders[i], visit_script, &folder);
	}
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		struct folder folder = {.check = check, .path = large[i]};
		cleanup_close int dir = openat(check->root, large[i],
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		for (size_t j = 0; dir >= 0 && j < sizeof(files) / sizeof(files[0]); j++)
			(void)visit_script(&folder, dir, files[j]);
	}
}

void check_rivals(struct check *check)
{
	static const char *const folders[] = {
		"etc/modprobe.d", "run/modprobe.d", "usr/lib/modprobe.d"};
	size_t before = check->advices.count;

	check_command_line(check);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		config_lines_of_folder(
			check->root, folders[i], ".conf", read_modprobe, check);
	(void)dir_for_each(check->root, "etc/driverctl.d", visit_override, check);
	check_scripts(check);
	if (check->advices.count == before && !check->is_capture) {
		advice_add(&check->advices, ADVICE_OK, TOPIC, "");
		advice_what(&check->advices, "nothing else here binds devices to VFIO");
	}
}
