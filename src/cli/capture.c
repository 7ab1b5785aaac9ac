/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture.h"

#include "capture_machine.h"
#include "complain.h"
#include "core/capture_text.h"
#include "look.h"
#include "output.h"
#include "scan/cleanup.h"
#include "scan/scan.h"
#include "scan/sysfs_read.h"
#include "survey_words.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define VERB "capture"

static const char usage[] =
	"Usage: vfio-early capture [--output=FILE]\n"
	"Writes what the other verbs read of this machine as one text, for a bug "
	"report.\n"
	"Without serial numbers, hardware addresses, UUIDs and names; look at it before "
	"you\n"
	"send it. Every verb takes it with --sysroot=FILE.\n"
	"\n"
	"  --output=FILE    where to; default: standard output\n"
	"  --sysroot=WHERE  of the system below a directory, or of a capture\n"
	"  --quiet          no warnings\n"
	"  --no-color       no colors, even on a terminal\n"
	"  --help\n";

enum {
	OPTION_OUTPUT = 256,
};

static const struct option own[] = {
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{NULL, 0, NULL, 0},
};

static int take(void *context, int option, const char *value)
{
	(void)option;
	if (!value[0])
		return usage_error(VERB, "expected --output=FILE, not an empty name");
	*(const char **)context = value;
	return 0;
}

static void read_host(int root, char *out, size_t size)
{
	out[0] = '\0';
	if (sysfs_read_text(root, "proc/sys/kernel/hostname", out, size) <= 0)
		(void)sysfs_read_text(root, "etc/hostname", out, size);
}

int capture_write(int root, FILE *out)
{
	struct scrub *scrub = malloc(sizeof(*scrub));
	struct capture_writer writer = {.root = root, .out = out, .scrub = scrub};
	struct machine machine = {0};
	struct names *names = names_open(root);
	char host[65];
	int r = scrub && names ? scan_machine(root, NULL, &machine) : -ENOMEM;

	if (r == 0) {
		read_host(root, host, sizeof(host));
		scrub_begin(scrub, host);
		fputs(CAPTURE_MAGIC "\n"
				    "# By vfio-early " VFIO_EARLY_VERSION
				    "; vfio-early(8) says what is in it.\n",
			out);
		capture_functions(&writer);
		capture_classes(&writer);
		capture_system(&writer);
		capture_names(&writer, &machine, names);
		scrub_end(scrub);
		r = writer.r;
		machine_clear(&machine);
	}
	free(scrub);
	names_close(names);
	return r;
}

static int write_output(int root, const char *path)
{
	cleanup_free char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	struct output output;
	int r = memory ? capture_write(root, memory) : -ENOMEM;

	if (memory && fclose(memory) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return survey_complain(r);
	r = output_begin(&output, path);
	if (r == 0)
		r = output_write(&output, text, length);
	r = output_end(&output, r);
	if (r < 0)
		complain("%s could not be written: %s",
			strcmp(path, "-") == 0 ? "standard output" : path, strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(
	void *context, const struct options *options, const struct sysroot *sysroot)
{
	(void)options;
	return write_output(sysroot->fd, *(const char **)context);
}

int capture_main(int argc, char **argv)
{
	const char *path = "-";
	const struct look look = {.reader = {.verb = VERB,
					  .usage = usage,
					  .shared = OPTIONS_SYSROOT,
					  .own = own,
					  .take = take,
					  .context = &path},
		.run = run,
		.failed = EXIT_FAILURE};

	return look_main(&look, argc, argv);
}
