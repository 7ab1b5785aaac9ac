/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 1024
#define DEVICES    "sys/devices"

static void must(bool done, const char *what)
{
	if (!done)
		fail_msg("fake tree: %s: %s", what, strerror(errno));
}

__attribute__((format(printf, 2, 3))) static const char *print(
	char out[PATH_BYTES], const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(out, PATH_BYTES, format, arguments);
	va_end(arguments);
	assert_true(length >= 0 && length < PATH_BYTES);
	return out;
}

static void make_parents(struct fake *fake, const char *path)
{
	char copy[PATH_BYTES];

	print(copy, "%s", path);
	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(mkdirat(fake->root, copy, 0755) == 0 || errno == EEXIST, copy);
		*slash = '/';
	}
}

void fake_directory(struct fake *fake, const char *path)
{
	make_parents(fake, path);
	must(mkdirat(fake->root, path, 0755) == 0 || errno == EEXIST, path);
}

static int create(struct fake *fake, const char *path)
{
	int fd;

	make_parents(fake, path);
	fd = openat(fake->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0, path);
	return fd;
}

void fake_file(struct fake *fake, const char *path, const char *content)
{
	int fd = create(fake, path);

	must(write(fd, content, strlen(content)) == (ssize_t)strlen(content), path);
	close(fd);
}

void fake_bytes(struct fake *fake, const char *path, size_t length, char byte)
{
	int fd = create(fake, path);
	char *bytes = malloc(length + 1);

	assert_non_null(bytes);
	memset(bytes, byte, length);
	must(write(fd, bytes, length) == (ssize_t)length, path);
	free(bytes);
	close(fd);
}

void fake_link(struct fake *fake, const char *path, const char *target)
{
	make_parents(fake, path);
	must(symlinkat(target, fake->root, path) == 0, path);
}

void fake_fifo(struct fake *fake, const char *path)
{
	make_parents(fake, path);
	must(mkfifoat(fake->root, path, 0644) == 0, path);
}

static int remove_one(
	const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

void fake_remove(struct fake *fake, const char *path)
{
	char whole[PATH_BYTES];

	print(whole, "%s/%s", fake->path, path);
	must(nftw(whole, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, whole);
}

void fake_begin(struct fake *fake)
{
	snprintf(fake->path, sizeof(fake->path), "/tmp/vfio-early-test-XXXXXX");
	must(mkdtemp(fake->path) != NULL, fake->path);
	fake->root = open(fake->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(fake->root >= 0, fake->path);
	fake_directory(fake, "sys/bus/pci/devices");
	fake_file(fake, "proc/self/mountinfo", "");
	fake_file(fake, "proc/swaps", "");
	fake_file(fake, "proc/cmdline", "");
}

void fake_end(struct fake *fake)
{
	close(fake->root);
	must(nftw(fake->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, fake->path);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A directory below /sys/devices and the link to it in CLASS, a path with two parts
 * below /sys: "class/net" or "bus/pci/devices". */
static void add_device(struct fake *fake, const char *path, const char *class)
{
	char text[PATH_BYTES], target[PATH_BYTES];
	const char *up = strchr(strchr(class, '/') + 1, '/') ? "../../../" : "../../";

	fake_directory(fake, print(text, DEVICES "/%s", path));
	print(text, "sys/%s/%s", class, name_of(path));
	fake_link(fake, text, print(target, "%sdevices/%s", up, path));
}

static void add_modalias(
	struct fake *fake, const char *path, const char *id, const char *class)
{
	unsigned v = 0, d = 0, sv = 0, sd = 0, code = (unsigned)strtoul(class, NULL, 16);
	char text[PATH_BYTES], content[PATH_BYTES];

	assert_true(sscanf(id, "%x:%x:%x:%x", &v, &d, &sv, &sd) >= 2);
	print(content, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", v, d, sv, sd,
		code >> 16, code >> 8 & 0xff, code & 0xff);
	fake_file(fake, print(text, DEVICES "/%s/modalias", path), content);
}

/* From a directory below /sys/devices up to /sys. */
static const char *up(const char *path, char out[PATH_BYTES])
{
	print(out, "../");
	for (const char *at = path; at; at = strchr(at + 1, '/'))
		strcat(out, "../");
	return out;
}

static void add_driver(
	struct fake *fake, const char *path, const char *driver, bool module)
{
	char text[PATH_BYTES], target[PATH_BYTES], ups[PATH_BYTES];

	fake_directory(fake, print(text, "sys/bus/pci/drivers/%s", driver));
	/* A built-in driver whose module has parameters has the folder and the link too.
	 */
	if (faccessat(fake->root, print(text, "sys/module/%s", driver), F_OK, 0) < 0) {
		fake_directory(fake, text);
		print(text, "sys/bus/pci/drivers/%s/module", driver);
		fake_link(fake, text, print(target, "../../../../module/%s", driver));
	}
	if (module)
		fake_file(fake, print(text, "sys/module/%s/initstate", driver), "live\n");
	print(target, "%sbus/pci/drivers/%s", up(path, ups), driver);
	fake_link(fake, print(text, DEVICES "/%s/driver", path), target);
}

static void add_group(struct fake *fake, const char *path, const char *group)
{
	char text[PATH_BYTES], target[PATH_BYTES], ups[PATH_BYTES];

	fake_directory(fake, "sys/class/iommu/dmar0");
	fake_directory(fake, print(text, "sys/kernel/iommu_groups/%s", group));
	print(target, "%skernel/iommu_groups/%s", up(path, ups), group);
	fake_link(fake, print(text, DEVICES "/%s/iommu_group", path), target);
	print(text, "sys/kernel/iommu_groups/%s/devices/%s", group, name_of(path));
	fake_link(fake, text, print(target, "../../../../devices/%s", path));
}

static void add_word(struct fake *fake, const char *path, const char *word)
{
	char text[PATH_BYTES], content[PATH_BYTES];

	if (strcmp(word, "bridge") == 0) {
		print(text, DEVICES "/%s/subordinate_bus_number", path);
		fake_file(fake, text, "1\n");
	} else if (strncmp(word, "group=", 6) == 0) {
		add_group(fake, path, word + 6);
	} else if (strncmp(word, "driver=", 7) == 0) {
		add_driver(fake, path, word + 7, true);
	} else if (strncmp(word, "driver-built-in=", 16) == 0) {
		add_driver(fake, path, word + 16, false);
	} else if (strncmp(word, "override=", 9) == 0) {
		print(text, DEVICES "/%s/driver_override", path);
		fake_file(fake, text, print(content, "%s\n", word + 9));
	} else {
		fail_msg("fake function: unknown word %s", word);
	}
}

void fake_function(struct fake *fake, const char *row)
{
	char copy[PATH_BYTES], text[PATH_BYTES], *words[8], *rest = NULL;
	size_t count = 0;

	print(copy, "%s", row);
	for (char *word = strtok_r(copy, " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		assert_true(count < 8);
		words[count++] = word;
	}
	assert_true(count >= 3);
	add_device(fake, words[0], "bus/pci/devices");
	add_modalias(fake, words[0], words[1], words[2]);
	fake_file(fake, print(text, DEVICES "/%s/driver_override", words[0]), "(null)\n");
	for (size_t i = 3; i < count; i++)
		add_word(fake, words[0], words[i]);
}

void fake_block(struct fake *fake, const char *path, const char *number)
{
	char text[PATH_BYTES], content[PATH_BYTES];

	add_device(fake, path, "class/block");
	print(text, DEVICES "/%s/dev", path);
	fake_file(fake, text, print(content, "%s\n", number));
	fake_directory(fake, print(text, DEVICES "/%s/holders", path));
}

void fake_subsystem(struct fake *fake, const char *name, const char *controller)
{
	char path[PATH_BYTES], text[PATH_BYTES], target[PATH_BYTES];

	print(path, "virtual/nvme-subsystem/%s", name);
	add_device(fake, path, "class/nvme-subsystem");
	fake_file(fake, print(text, DEVICES "/%s/model", path), "disk\n");
	fake_directory(fake, print(text, DEVICES "/%s", controller));
	print(text, DEVICES "/%s/%s", path, name_of(controller));
	fake_link(fake, text, print(target, "../../../%s", controller));
}

void fake_interface(struct fake *fake, const char *path, const char *flags)
{
	char text[PATH_BYTES], content[PATH_BYTES];

	add_device(fake, path, "class/net");
	print(text, DEVICES "/%s/flags", path);
	fake_file(fake, text, print(content, "%s\n", flags));
}

void fake_card(struct fake *fake, const char *path)
{
	add_device(fake, path, "class/sound");
}

void fake_open_file(struct fake *fake, unsigned process, unsigned fd, const char *target)
{
	char text[PATH_BYTES];

	fake_link(fake, print(text, "proc/%u/fd/%u", process, fd), target);
}
