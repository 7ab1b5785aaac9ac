/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-early, the program on the host: the first argument names a verb of the table
 * below, which gets the rest. Results go to stdout, everything else to stderr; ends with
 * 0, 1 (did not work) or 64 (was called wrongly).
 */
#include "add.h"
#include "bind.h"
#include "capture.h"
#include "check.h"
#include "complain.h"
#include "core/nearest.h"
#include "image.h"
#include "list.h"
#include "options.h"
#include "rebuild_verb.h"
#include "remove.h"
#include "status.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
	const char *summary;
} verbs[] = {
	{"list", list_main,
		"what this machine has, what uses it, what the config would do"},
	{"check", check_main,
		"what the next boot would do, and what keeps it from doing it"},
	{"add", add_main, "add devices to the config, with what the boot would say"},
	{"remove", remove_main, "have the host keep devices from the next boot on"},
	{"rebuild", rebuild_main, "rebuild the boot images with this system's own tool"},
	{"status", status_main,
		"what was configured, what the last boot did, what is bound now"},
	{"bind", bind_main, "bind devices to vfio-pci now, with the guards of the boot"},
	{"release", release_main, "give devices back to the host now"},
	{"image", image_main, "write a boot archive that needs no hook of a generator"},
	{"capture", capture_main, "write this machine as one text, for bug reports"},
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static int help(void)
{
	puts("Usage: vfio-early VERB [OPTION]...\n"
	     "PCI devices for virtual machines, bound to vfio-pci before other "
	     "drivers.\n");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
	puts("\n"
	     "  --help, --version; vfio-early VERB --help tells of one verb");
	return EXIT_SUCCESS;
}

static int unknown(const char *word)
{
	const char *names[VERB_COUNT], *nearest;

	for (size_t i = 0; i < VERB_COUNT; i++)
		names[i] = verbs[i].name;
	nearest = nearest_word(word, names, VERB_COUNT);
	if (nearest)
		return usage_error(
			NULL, "there is no verb %s; did you mean %s?", word, nearest);
	return usage_error(NULL, "there is no verb %s", word);
}

/* With SIGPIPE ignored, as where a signal would leave a temporary folder behind. */
static bool reader_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/*
 * A result that could not be printed is no success. Whoever looks at its first lines only
 * has had what they wanted: the end then is that of every program in such a pipe.
 */
static int printed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (reader_left()) {
		(void)signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	complain("standard output could not be written; nothing else is wrong");
	return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};

	if (argc < 2)
		return usage_error(NULL, "expected a verb");
	if (strcmp(argv[1], "--help") == 0)
		return printed(help());
	if (strcmp(argv[1], "--version") == 0) {
		puts("vfio-early " VFIO_EARLY_VERSION);
		return printed(EXIT_SUCCESS);
	}
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return printed(verbs[i].run(argc - 1, argv + 1));
	if (argv[1][0] == '-')
		return options_unknown(NULL, options, argv[1]);
	return unknown(argv[1]);
}
