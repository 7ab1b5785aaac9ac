/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include "archive.h"
#include "complain.h"
#include "core/number.h"
#include "image_files.h"
#include "image_options.h"
#include "interrupt.h"
#include "kernels.h"
#include "output.h"
#include "scan/cleanup.h"
#include "staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const char usage[] =
	"Usage: vfio-early image -o FILE [--kernel VERSION]... [--initrd FILE]...\n"
	"Writes an archive that a boot loader loads besides any initramfs. The kernel "
	"starts it\n"
	"with rdinit=/vfio-early/init on its command line; it binds the devices of\n"
	"/etc/vfio-early.conf and then starts the initramfs' own /init.\n"
	"\n"
	"  -o, --output=FILE     where to; - is standard output\n"
	"      --kernel=VERSION  for this kernel, which may be given several times, or "
	"all;\n"
	"                        default: the running one\n"
	"      --initrd=FILE     begin with this initramfs, for a loader that takes only "
	"one\n"
	"      --quiet           no warnings\n"
	"      --no-color        no colors, even on a terminal\n"
	"      --help\n"
	"\n"
	"Write it anew after a change of the configuration and for every new kernel.\n";

struct chosen {
	const char *versions[IMAGE_KERNELS_MAX];
	size_t count;
};

static int no_modules(const struct kernels *installed, const char *version, bool running)
{
	cleanup_free char *words = kernels_words(installed);

	if (installed->count == 0)
		complain("there are no kernel modules in /lib/modules; install those of "
			 "kernel %s",
			version);
	else
		complain(
			"there are no modules of %skernel %s; there are: %s; %s --kernel",
			running ? "the running " : "", version,
			words ? words : "(out of memory)",
			running ? "name one with" : "correct");
	return EXIT_FAILURE;
}

static int choose(const struct kernels *installed, const char *version, bool running,
	struct chosen *chosen)
{
	const char *found = kernels_get(installed, version);

	if (!found)
		return no_modules(installed, version, running);
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->versions[i] == found)
			return EXIT_SUCCESS;
	if (chosen->count == IMAGE_KERNELS_MAX) {
		complain("more than %d kernels in one archive; write several",
			IMAGE_KERNELS_MAX);
		return EXIT_FAILURE;
	}
	chosen->versions[chosen->count++] = found;
	return EXIT_SUCCESS;
}

static int choose_kernels(const struct image_options *options,
	const struct kernels *installed, struct chosen *chosen)
{
	int status = EXIT_SUCCESS;
	struct utsname running;

	if (options->all_kernels && installed->count == 0) {
		complain(
			"there are no kernels with modules in /lib/modules; install one");
		return EXIT_FAILURE;
	}
	if (options->kernel_count == 0 && !options->all_kernels) {
		(void)uname(&running); /* fails only for a bad pointer */
		return choose(installed, running.release, true, chosen);
	}
	for (size_t i = 0; status == EXIT_SUCCESS && i < options->kernel_count; i++)
		status = choose(installed, options->kernels[i], false, chosen);
	for (size_t i = 0;
		status == EXIT_SUCCESS && options->all_kernels && i < installed->count;
		i++)
		status = choose(installed, installed->versions[i], false, chosen);
	return status;
}

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static int read_mtime(uint32_t *ret)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds = 0;

	if (text && number_parse(text, strlen(text), 10, UINT32_MAX, &seconds) < 0) {
		complain("SOURCE_DATE_EPOCH is \"%s\", expected seconds since 1970; "
			 "correct "
			 "it or unset it",
			text);
		return EXIT_FAILURE;
	}
	*ret = (uint32_t)seconds;
	return EXIT_SUCCESS;
}

static int write_initrds(struct output *output, const struct image_options *options)
{
	for (size_t i = 0; i < options->initrd_count; i++) {
		int r = archive_append(output, options->initrds[i]);

		if (r < 0) {
			if (r != -EINTR)
				complain("%s could not be put in front: %s; correct "
					 "--initrd, "
					 "or make room for %s",
					options->initrds[i],
					r == -ENODATA ? "it is empty" : strerror(-r),
					options->output);
			return r;
		}
	}
	return 0;
}

static const char *write_words(int error)
{
	if (error == -EEXIST)
		return "it is neither a file nor -, which is standard output";
	return strerror(-error);
}

static int write_output(
	const struct image_options *options, const char *root, uint32_t mtime)
{
	cleanup_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct output output;
	bool told = false, to_stdout = strcmp(options->output, "-") == 0;
	int r = output_begin(&output, options->output);

	if (r == 0) {
		r = write_initrds(&output, options);
		told = r < 0;
	}
	if (r == 0)
		r = fd < 0 ? -EBADF : archive_write(&output, fd, mtime);
	r = output_end(&output, r);
	if (r < 0 && !told && r != -EINTR && to_stdout)
		complain("standard output could not be written: %s; discard what came",
			strerror(-r));
	else if (r < 0 && !told && r != -EINTR)
		complain(
			"%s could not be written: %s; what was there before is unchanged",
			options->output, write_words(r));
	if (r < 0)
		return EXIT_FAILURE;
	if (!to_stdout)
		printf("%s: %llu KiB; start it with rdinit=/vfio-early/init\n",
			options->output,
			(unsigned long long)(output.length + 1023) / 1024);
	return EXIT_SUCCESS;
}

static int make_image(const struct image_options *options, const struct chosen *chosen)
{
	char *root;
	uint32_t mtime;
	int status = read_mtime(&mtime);

	if (status != EXIT_SUCCESS)
		return status;
	root = staging_begin();
	if (!root) {
		complain("no temporary folder could be made: %s; TMPDIR names another "
			 "place",
			strerror(errno));
		return EXIT_FAILURE;
	}
	status = EXIT_FAILURE;
	if (image_files_stage(root, chosen->versions, chosen->count) == 0)
		status = write_output(options, root, mtime);
	staging_end(root);
	return status;
}

int image_main(int argc, char **argv)
{
	struct image_options options;
	struct kernels installed;
	struct chosen chosen = {.count = 0};
	int status = image_options_read(argc, argv, &options), r;

	if (status != 0)
		return status;
	if (options.quiet)
		warnings_off();
	if (options.help) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	r = kernels_find(&installed);
	if (r < 0) {
		complain("/lib/modules could not be read: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	interrupt_catch();
	status = choose_kernels(&options, &installed, &chosen);
	if (status == EXIT_SUCCESS)
		status = make_image(&options, &chosen);
	kernels_clear(&installed);
	interrupt_die();
	return status;
}
