/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rebuild.h"

#include "complain.h"
#include "program.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CMDLINE_BYTES_MAX 65536
#define STANDALONE_INIT   "rdinit=/vfio-early/init"
#define PATH_BYTES        512
/* Of a signal, a shell and program_run() make a status above it. */
#define SIGNALLED 128

static bool is_there(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static bool has_program(int root, const char *name)
{
	static const char *const folders[] = {
		"usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "bin", "sbin"};
	char path[PATH_BYTES];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (is_there(root, path))
			return true;
	}
	return false;
}

struct kernels_look {
	int root;
	const char *prefix; /* of the image's name in /boot, before the version */
	const char *suffix;
};

static int visit_kernel(void *context, int dir, const char *name)
{
	const struct kernels_look *look = context;
	char path[PATH_BYTES];

	(void)dir;
	snprintf(path, sizeof(path), "boot/%s%s%s", look->prefix, name, look->suffix);
	return is_there(look->root, path);
}

/* Whether /boot has an image with such a name for a kernel that is installed. */
static bool has_image(int root, const char *prefix, const char *suffix)
{
	struct kernels_look look = {root, prefix, suffix};

	return dir_for_each(root, "usr/lib/modules", visit_kernel, &look) == 1;
}

static int visit_preset(void *context, int dir, const char *name)
{
	size_t length = strlen(name);

	(void)context;
	(void)dir;
	return length > 7 && strcmp(name + length - 7, ".preset") == 0;
}

static int visit_any(void *context, int dir, const char *name)
{
	(void)context;
	(void)dir;
	(void)name;
	return 1;
}

static bool initramfs_tools_there(int root)
{
	return has_program(root, "mkinitramfs") && has_program(root, "update-initramfs");
}

/* It keeps the hash of each image that it made. */
static bool initramfs_tools_made(int root)
{
	return dir_for_each(root, "var/lib/initramfs-tools", visit_any, NULL) == 1;
}

static bool dracut_there(int root)
{
	return has_program(root, "dracut");
}

static bool dracut_made(int root)
{
	return has_image(root, "initramfs-", ".img") || has_image(root, "initrd-", "") ||
	       (!initramfs_tools_there(root) && has_image(root, "initrd.img-", ""));
}

static bool mkinitcpio_there(int root)
{
	return has_program(root, "mkinitcpio");
}

static bool mkinitcpio_made(int root)
{
	return dir_for_each(root, "etc/mkinitcpio.d", visit_preset, NULL) == 1;
}

/* The stand-alone archive is written by its plugin. */
static bool kernel_install_there(int root)
{
	cleanup_free char *text = NULL;
	size_t length;

	return has_program(root, "kernel-install") &&
	       proc_read(root, "etc/kernel/cmdline", CMDLINE_BYTES_MAX, &text, &length) ==
		       0 &&
	       strstr(text, STANDALONE_INIT);
}

static bool ostree_there(int root)
{
	return is_there(root, "run/ostree-booted") && has_program(root, "rpm-ostree");
}

static const char *const update_initramfs[] = {
	"update-initramfs", "-u", "-k", "all", NULL};
static const char *const dracut[] = {"dracut", "--force", "--regenerate-all", NULL};
static const char *const mkinitcpio[] = {"mkinitcpio", "-P", NULL};
static const char *const kernel_install[] = {"kernel-install", "add-all", NULL};
static const char *const ostree_first[] = {
	"rpm-ostree", "initramfs-etc", "--track=/etc/vfio-early.conf", NULL};
static const char *const ostree_again[] = {
	"rpm-ostree", "initramfs-etc", "--force-sync", NULL};

static const struct generator {
	const char *const *command;
	bool (*there)(int root);
	bool (*made)(int root); /* whether the images are its */
} generators[] = {
	{update_initramfs, initramfs_tools_there, initramfs_tools_made},
	{dracut, dracut_there, dracut_made},
	{mkinitcpio, mkinitcpio_there, mkinitcpio_made},
	{kernel_install, kernel_install_there, kernel_install_there},
};
#define GENERATOR_COUNT (sizeof(generators) / sizeof(generators[0]))

static void take(struct rebuild *rebuild, int root, bool makers_only)
{
	rebuild->count = 0;
	for (size_t i = 0; i < GENERATOR_COUNT; i++)
		if (generators[i].there(root) &&
			(!makers_only || generators[i].made(root)))
			rebuild->commands[rebuild->count++] = generators[i].command;
}

void rebuild_find(int root, struct rebuild *ret_rebuild)
{
	*ret_rebuild = (struct rebuild){0};
	/* There the tools of the image that it was installed from do not make images. */
	if (ostree_there(root)) {
		ret_rebuild->commands[0] = ostree_first;
		ret_rebuild->commands[1] = ostree_again;
		ret_rebuild->count = 2;
		return;
	}
	take(ret_rebuild, root, false);
	if (ret_rebuild->count > 1) {
		take(ret_rebuild, root, true);
		if (ret_rebuild->count == 0)
			take(ret_rebuild, root, false);
	}
	ret_rebuild->certain = ret_rebuild->count == 1;
}

static void print_command(const char *const *command)
{
	fputs("  ", stdout);
	for (; *command; command++)
		printf("%s%s", *command, command[1] ? " " : "\n");
}

void rebuild_say(const struct rebuild *rebuild)
{
	if (rebuild->count == 0) {
		puts("Rebuild the boot image; no generator that is known here is "
		     "installed.");
		return;
	}
	if (rebuild->commands[0] == ostree_first)
		puts("Put it into the boot image, with the first command once and the "
		     "second one\nfrom then on:");
	else if (rebuild->certain)
		puts("Rebuild the boot image:");
	else
		puts("Rebuild the boot image, with the one of these that makes yours:");
	for (size_t i = 0; i < rebuild->count; i++)
		print_command(rebuild->commands[i]);
}

int rebuild_run(const struct rebuild *rebuild)
{
	int status;

	puts("Rebuilding the boot image:");
	print_command(rebuild->commands[0]);
	(void)fflush(stdout);
	/* It changes neither the array nor its words. */
	status = program_run((char *const *)rebuild->commands[0], NULL, NULL);
	if (status == 0)
		return EXIT_SUCCESS;
	if (status < 0)
		complain("%s could not be run: %s; the boot image is the old one",
			rebuild->commands[0][0], strerror(-status));
	else if (status > SIGNALLED)
		complain("%s ended with %d, as by signal %d; the boot image may be the "
			 "old one",
			rebuild->commands[0][0], status, status - SIGNALLED);
	else
		complain("%s ended with %d; the boot image may be the old one",
			rebuild->commands[0][0], status);
	return EXIT_FAILURE;
}
