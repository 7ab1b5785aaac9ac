/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture_machine.h"
#include "core/cmdline.h"
#include "core/mount_lines.h"
#include "core/report.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 1048576
#define LINE_BYTES     2048
#define TABLES         "sys/firmware/acpi/tables"

static bool read_whole(struct capture_writer *writer, const char *path, char **ret_text,
	size_t *ret_length)
{
	return proc_read(writer->root, path, TEXT_BYTES_MAX, ret_text, ret_length) >= 0;
}

static void command_line(struct capture_writer *writer)
{
	cleanup_free char *text = NULL;
	char clean[CMDLINE_BYTES_MAX / 4];
	size_t length;

	if (!read_whole(writer, "proc/cmdline", &text, &length))
		return;
	text[strcspn(text, "\n")] = '\0';
	scrub_cmdline(writer->scrub, text, clean, sizeof(clean));
	capture_value(writer, "cmdline", clean);
}

/* File systems on disks, and whatever the root is. */
static bool is_told(const struct mount *mount)
{
	return strncmp(mount->source, "/dev/", 5) == 0 || strcmp(mount->point, "/") == 0;
}

static void mounts(struct capture_writer *writer)
{
	cleanup_free char *text = NULL;
	struct span rest = {0};
	struct mount mount;
	unsigned number = 0;

	if (!read_whole(writer, "proc/self/mountinfo", &text, &rest.length))
		return;
	rest.text = text;
	capture_directory(writer, "proc/self");
	capture_file(writer, "mountinfo");
	while (mountinfo_next(&rest, &mount)) {
		char source[MOUNT_FIELD_MAX], point[MOUNT_FIELD_MAX], line[LINE_BYTES];
		bool whole =
			strcmp(mount.root, "/") == 0 || strcmp(mount.type, "btrfs") == 0;

		if (!is_told(&mount))
			continue;
		if (strncmp(mount.source, "/dev/", 5) == 0)
			scrub_device(writer->scrub, mount.source, source, sizeof(source));
		else
			snprintf(source, sizeof(source), "removed");
		scrub_folder(writer->scrub, mount.point, point, sizeof(point));
		snprintf(line, sizeof(line), "%u 0 %u:%u %s %s rw - %s %s rw", ++number,
			mount.major, mount.minor, whole ? "/" : "/removed", point,
			mount.type, source);
		capture_line(writer, line);
	}
}

static void swaps(struct capture_writer *writer)
{
	cleanup_free char *text = NULL;
	char path[MOUNT_FIELD_MAX], clean[MOUNT_FIELD_MAX], line[LINE_BYTES];
	struct span rest = {0};

	if (!read_whole(writer, "proc/swaps", &text, &rest.length))
		return;
	rest.text = text;
	capture_directory(writer, "proc");
	capture_file(writer, "swaps");
	capture_line(writer, "Filename Type Size Used Priority");
	while (swaps_next(&rest, path)) {
		scrub_device(writer->scrub, path, clean, sizeof(clean));
		snprintf(line, sizeof(line), "%s partition 1 0 -2", clean);
		capture_line(writer, line);
	}
}

static bool only_zeros(const char *text)
{
	return text[strspn(text, "0")] == '\0';
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask: addresses go. */
static void route4(struct capture_writer *writer, const char *text)
{
	char name[64], to[64], flags[64], metric[64], mask[64], clean[128],
		line[LINE_BYTES];

	if (sscanf(text, "%63s %63s %*s %63s %*s %*s %63s %63s", name, to, flags, metric,
		    mask) != 5)
		return;
	scrub_text(writer->scrub, name, false, clean, sizeof(clean));
	snprintf(line, sizeof(line), "%s %s 00000000 %s 0 0 %s %s 0 0 0", clean,
		only_zeros(to) ? "00000000" : "0000000A", flags, metric,
		only_zeros(mask) ? "00000000" : "000000FF");
	capture_line(writer, line);
}

/* Destination and its length, source and its length, gateway, metric, two counts, flags,
 * interface. */
static void route6(struct capture_writer *writer, const char *text)
{
	static const char nowhere[] = "00000000000000000000000000000000";
	char name[64], to[64], bits[64], flags[64], metric[64], clean[128],
		line[LINE_BYTES];

	if (sscanf(text, "%63s %63s %*s %*s %*s %63s %*s %*s %63s %63s", to, bits, metric,
		    flags, name) != 5)
		return;
	scrub_text(writer->scrub, name, false, clean, sizeof(clean));
	snprintf(line, sizeof(line), "%s %s %s 00 %s %s 00000000 00000000 %s %s",
		only_zeros(to) ? nowhere : "fd000000000000000000000000000000",
		only_zeros(to) ? bits : "40", nowhere, nowhere, metric, flags, clean);
	capture_line(writer, line);
}

static void lines(struct capture_writer *writer, const char *directory, const char *name,
	void (*each)(struct capture_writer *writer, const char *line))
{
	cleanup_free char *text = NULL;
	char path[600], *save = NULL;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!read_whole(writer, path, &text, &length))
		return;
	capture_directory(writer, directory);
	capture_file(writer, name);
	/* strtok_r() would pass over empty lines, which count. */
	for (save = text; save;) {
		char *line = strsep(&save, "\n");

		if (line[0] || save)
			each(writer, line);
	}
}

/* What lies in the memory of PCI functions, and not what else there is. */
static void memory_line(struct capture_writer *writer, const char *text)
{
	const char *name = strstr(text, " : ");
	struct pci_address address;

	if (name &&
		(strncmp(name + 3, "PCI Bus ", 8) == 0 ||
			pci_address_parse(name + 3, strlen(name + 3), &address) == 0 ||
			strstr(name, "fb") || strstr(name, "FB") ||
			strstr(name, "framebuffer")))
		capture_line(writer, text);
}

static void config_line(struct capture_writer *writer, const char *text)
{
	char clean[SCRUB_TEXT_MAX];

	scrub_config_line(writer->scrub, text, clean, sizeof(clean));
	capture_line(writer, clean);
}

/* Its texts are escaped, so that what is to be found in them has to be undone first. */
static void boot_report(struct capture_writer *writer)
{
	cleanup_free char *text = NULL, *clean = NULL;
	struct report report;
	size_t length;
	unsigned line;

	if (!read_whole(writer, "run/vfio-early/report", &text, &length) ||
		report_parse(text, length, &report, &line) < 0)
		return;
	for (size_t i = 0; i < report.findings.count; i++) {
		struct finding *finding = &report.findings.items[i];
		char scrubbed[SCRUB_TEXT_MAX];

		scrub_message(writer->scrub, finding->text, scrubbed, sizeof(scrubbed));
		snprintf(finding->text, sizeof(finding->text), "%s", scrubbed);
	}
	clean = report_print(&report);
	report_clear(&report);
	if (!clean)
		return;
	capture_directory(writer, "run/vfio-early");
	capture_file(writer, "report");
	for (char *rest = clean, *part; (part = strsep(&rest, "\n")) != NULL;)
		if (part[0])
			capture_line(writer, part);
}

static void release_line(struct capture_writer *writer, const char *text)
{
	static const char *const kept[] = {
		"ID=", "ID_LIKE=", "VERSION_ID=", "VARIANT_ID="};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strncmp(text, kept[i], strlen(kept[i])) == 0)
			capture_line(writer, text);
}

static void drop_in(struct capture_writer *writer, const char *path, const char *name)
{
	lines(writer, path, name, config_line);
}

/* Whatever a container's manager left, as systemd's. */
static void container(struct capture_writer *writer)
{
	static const char *const signs[] = {
		"run/systemd/container", ".dockerenv", "run/.containerenv"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (faccessat(writer->root, signs[i], F_OK, 0) < 0)
			continue;
		capture_directory(writer, "run/systemd");
		capture_value(writer, "container", "yes");
		return;
	}
}

/* Whether the firmware has an IOMMU, not what it says of it. */
static void firmware(struct capture_writer *writer)
{
	static const char *const tables[] = {"DMAR", "IVRS"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), TABLES "/%s", tables[i]);
		if (faccessat(writer->root, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		capture_directory(writer, TABLES);
		capture_file(writer, tables[i]);
	}
}

void capture_system(struct capture_writer *writer)
{
	static const char *const folders[] = {"etc/vfio-early.conf.d",
		"run/vfio-early.conf.d", "usr/lib/vfio-early.conf.d"};

	capture_directory(writer, "proc");
	command_line(writer);
	mounts(writer);
	swaps(writer);
	lines(writer, "proc/net", "route", route4);
	lines(writer, "proc/net", "ipv6_route", route6);
	lines(writer, "proc", "iomem", memory_line);
	capture_directory(writer, "proc/sys/kernel");
	capture_attribute(writer, "osrelease");
	container(writer);
	firmware(writer);
	lines(writer, "etc", "os-release", release_line);
	lines(writer, "etc", "vfio-early.conf", config_line);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		capture_each(writer, folders[i], drop_in);
	boot_report(writer);
}
