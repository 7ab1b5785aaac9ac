/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input as an entry of the Boot Loader Specification and as GRUB's menu, on a /boot
 * that has some of the archives that one may name.
 */
#include "fuzz_check.h"

#include "cli/boot_entries.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY "boot/loader/entries/linux.conf"
#define MENU  "boot/grub/grub.cfg"

static const char *const folders[] = {
	"boot", "boot/loader", "boot/loader/entries", "boot/grub", "boot/6.12"};
static const char *const files[] = {"boot/initrd.img", "boot/6.12/initrd", ENTRY, MENU};

#define FOLDER_COUNT (sizeof(folders) / sizeof(folders[0]))
#define FILE_COUNT   (sizeof(files) / sizeof(files[0]))

static char top[] = "/tmp/vfio-early-fuzz.XXXXXX";
static int root = -1;

static void tear_down(void)
{
	for (size_t i = 0; i < FILE_COUNT; i++)
		(void)unlinkat(root, files[i], 0);
	for (size_t i = FOLDER_COUNT; i-- > 0;)
		(void)unlinkat(root, folders[i], AT_REMOVEDIR);
	(void)rmdir(top);
}

static void put(const char *path, const void *data, size_t size)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, data, size) == (ssize_t)size);
	CHECK(close(fd) == 0);
}

static void set_up(void)
{
	CHECK(mkdtemp(top));
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	for (size_t i = 0; i < FOLDER_COUNT; i++)
		CHECK(mkdirat(root, folders[i], 0700) == 0);
	for (size_t i = 0; i < FILE_COUNT; i++)
		put(files[i], "", 0);
	CHECK(atexit(tear_down) == 0);
}

static int visit(void *context, const struct boot_entry *entry)
{
	const unsigned *lines = context;
	bool is_menu = entry->line > 0;

	CHECK(strcmp(entry->path, is_menu ? MENU : ENTRY) == 0);
	CHECK(entry->line <= *lines);
	CHECK(entry->cmdline && !strchr(entry->cmdline, '\n'));
	CHECK(entry->count <= BOOT_ENTRY_FILES_MAX);
	CHECK(!entry->is_cut || entry->count == BOOT_ENTRY_FILES_MAX);
	for (size_t i = 0; i < entry->count; i++) {
		struct stat status;

		CHECK(fstatat(root, entry->files[i], &status, 0) == 0);
		CHECK(S_ISREG(status.st_mode));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	if (root < 0)
		set_up();
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	put(ENTRY, data, size);
	put(MENU, data, size);
	CHECK(boot_entries_for_each(root, visit, &lines) == 0);
	return 0;
}
