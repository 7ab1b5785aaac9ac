/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arguments.h"

#include "core/number.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_SECONDS     10
#define DEADLINE_SECONDS_MAX 600
#define EXIT_USAGE           64

static const char usage[] =
	"Usage: vfio-early-boot [OPTION]...\n"
	"Binds the PCI devices that /etc/vfio-early.conf lists to vfio-pci. Run by a "
	"hook in\n"
	"the initramfs; writes to the kernel log and /run/vfio-early.\n"
	"\n"
	"  --device=ADDRESS decide about a PCI function that has just appeared (udev)\n"
	"  --plan           print what would be done now, and touch nothing\n"
	"  --facts          print what this host needs, for its boot images\n"
	"  --sysroot=DIR    with --plan, --facts, --drivers or --problems: read the "
	"machine\n"
	"                   and the config below DIR\n"
	"  --bind=RULE      do it now, with this rule and the keep rules of the config; "
	"may be\n"
	"                   given again; prints a report; with --plan, touch nothing\n"
	"  --release=RULE   likewise, give what the rule names back to the host\n"
	"  --rescan         with --release: forget the devices, and look for them again\n"
	"  --deadline=SEC   give up waiting for the kernel after SEC seconds (default "
	"10)\n"
	"  --before-udev    the hook that has to come before udevd: log if it did not\n"
	"  --drivers        print the drivers that the config asks for, one a line\n"
	"  --problems       print what is wrong with the config, one problem a line\n"
	"  --help, --version\n";

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "vfio-early-boot: %s%s; see vfio-early-boot --help\n", what,
		value);
	return EXIT_USAGE;
}

/* Exactly as sysfs names it: udev hands it over. */
static bool read_device(const char *text, struct boot_options *options)
{
	char name[PCI_ADDRESS_TEXT_MAX];

	if (pci_address_parse(text, strlen(text), &options->device) < 0)
		return false;
	pci_address_format(&options->device, name);
	options->late = strcmp(name, text) == 0;
	return options->late;
}

static bool read_deadline(const char *text, unsigned *ret_seconds)
{
	uint64_t seconds;

	if (number_parse(text, strlen(text), 10, DEADLINE_SECONDS_MAX, &seconds) < 0 ||
		seconds == 0)
		return false;
	*ret_seconds = (unsigned)seconds;
	return true;
}

/* Options that do not go together; returns as read_options(). */
static int check_together(const struct arguments *arguments)
{
	int printing = arguments->boot.plan_only + arguments->facts + arguments->drivers +
		       arguments->problems;

	if (printing > 1)
		return -usage_error(
			"--plan, --facts, --drivers and --problems exclude each other",
			"");
	if (arguments->boot.now != NOW_NOT && printing > arguments->boot.plan_only)
		return -usage_error(
			"--bind and --release go with --plan and --deadline only", "");
	if (arguments->boot.rescan && arguments->boot.now != NOW_RELEASE)
		return -usage_error("--rescan needs --release", "");
	if (strcmp(arguments->boot.sysroot, "/") != 0 && printing == 0)
		return -usage_error(
			"--sysroot needs --plan, --facts, --drivers or --problems", "");
	return 1;
}

static int add_rule(struct arguments *arguments, enum now now, const char *rule)
{
	struct boot_options *boot = &arguments->boot;

	if (boot->now != NOW_NOT && boot->now != now)
		return -usage_error("--bind and --release exclude each other", "");
	boot->now = now;
	boot->rules[boot->rule_count++] = rule;
	return 1;
}

/* One option; returns as read_options(). */
static int take(struct arguments *arguments, int option)
{
	switch (option) {
	case 'p':
		arguments->boot.plan_only = true;
		break;
	case 'f':
		arguments->facts = true;
		break;
	case 's':
		arguments->boot.sysroot = optarg;
		break;
	case 'd':
		if (!read_deadline(optarg, &arguments->deadline_seconds))
			return -usage_error("expected --deadline=1 to 600, not ", optarg);
		break;
	case 'l':
		if (!read_device(optarg, &arguments->boot))
			return -usage_error(
				"expected --device=DDDD:BB:DD.F, not ", optarg);
		break;
	case 'u':
		arguments->boot.before_udev = true;
		break;
	case 'r':
		arguments->drivers = true;
		break;
	case 'w':
		arguments->problems = true;
		break;
	case 'b':
	case 'g':
		if (add_rule(arguments, option == 'b' ? NOW_BIND : NOW_RELEASE, optarg) <=
			0)
			return -EXIT_USAGE;
		break;
	case 'c':
		arguments->boot.rescan = true;
		break;
	case 'h':
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	case 'v':
		puts("vfio-early-boot " VFIO_EARLY_VERSION);
		return EXIT_SUCCESS;
	default:
		return -EXIT_USAGE;
	}
	return 1;
}

/* Returns a positive number to go on, else minus the exit status. */
static int read_options(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"plan", no_argument, NULL, 'p'},
		{"facts", no_argument, NULL, 'f'},
		{"sysroot", required_argument, NULL, 's'},
		{"deadline", required_argument, NULL, 'd'},
		{"before-udev", no_argument, NULL, 'u'},
		{"drivers", no_argument, NULL, 'r'},
		{"problems", no_argument, NULL, 'w'},
		{"bind", required_argument, NULL, 'b'},
		{"release", required_argument, NULL, 'g'},
		{"rescan", no_argument, NULL, 'c'},
		{"device", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		r = take(arguments, option);
		if (r <= 0)
			return r;
	}
	if (optind < argc)
		return -usage_error("unexpected argument ", argv[optind]);
	return check_together(arguments);
}

int arguments_read(int argc, char **argv, struct arguments *ret_arguments)
{
	int r;

	*ret_arguments = (struct arguments){
		.boot.sysroot = "/", .deadline_seconds = DEADLINE_SECONDS};
	ret_arguments->boot.rules =
		calloc((size_t)argc + 1, sizeof(*ret_arguments->boot.rules));
	if (!ret_arguments->boot.rules)
		return EXIT_SUCCESS;
	r = read_options(argc, argv, ret_arguments);
	return r > 0 ? -1 : -r;
}

void arguments_clear(struct arguments *arguments)
{
	free(arguments->boot.rules);
	*arguments = (struct arguments){0};
}
