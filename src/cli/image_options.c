/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_options.h"

#include "complain.h"
#include "options.h"

#include <getopt.h>
#include <string.h>

#define VERB "image"

/* The name of a folder in /lib/modules. */
static bool is_version(const char *text)
{
	return text[0] != '\0' && text[0] != '.' && !strchr(text, '/');
}

static int add_kernel(struct image_options *options, const char *version)
{
	if (strcmp(version, "all") == 0) {
		options->all_kernels = true;
		return 0;
	}
	if (!is_version(version))
		return usage_error(VERB,
			"expected --kernel=VERSION as uname -r prints it, or all, not "
			"\"%s\"",
			version);
	for (size_t i = 0; i < options->kernel_count; i++)
		if (strcmp(options->kernels[i], version) == 0)
			return 0;
	if (options->kernel_count == IMAGE_KERNELS_MAX)
		return usage_error(VERB, "more than %d kernels", IMAGE_KERNELS_MAX);
	options->kernels[options->kernel_count++] = version;
	return 0;
}

static int add_initrd(struct image_options *options, const char *path)
{
	if (path[0] == '\0')
		return usage_error(VERB, "expected --initrd=FILE, not an empty name");
	if (options->initrd_count == IMAGE_INITRDS_MAX)
		return usage_error(
			VERB, "more than %d files with --initrd", IMAGE_INITRDS_MAX);
	options->initrds[options->initrd_count++] = path;
	return 0;
}

static int set_output(struct image_options *options, const char *path)
{
	if (options->output)
		return usage_error(VERB, "-o was given twice");
	if (path[0] == '\0')
		return usage_error(VERB, "expected -o FILE, not an empty name");
	options->output = path;
	return 0;
}

static const char *name_of(int option)
{
	return option == 'o' ? "-o" : option == 'k' ? "--kernel" : "--initrd";
}

/* WORD is what getopt_long() looked at last. */
static int take(struct image_options *options, const struct option *known, int option,
	const char *word)
{
	switch (option) {
	case 'o':
		return set_output(options, optarg);
	case 'k':
		return add_kernel(options, optarg);
	case 'i':
		return add_initrd(options, optarg);
	case 'q':
		options->quiet = true;
		return 0;
	case 'n': /* there are no colors */
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case ':':
		return usage_error(VERB, "%s wants a value", name_of(optopt));
	default:
		if (optopt != 0)
			return usage_error(VERB, "there is no option -%c", optopt);
		return options_unknown(VERB, known, word);
	}
}

int image_options_read(int argc, char **argv, struct image_options *options)
{
	static const struct option known[] = {
		{"output", required_argument, NULL, 'o'},
		{"kernel", required_argument, NULL, 'k'},
		{"initrd", required_argument, NULL, 'i'},
		{"quiet", no_argument, NULL, 'q'},
		{"no-color", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct image_options read = {0};
	int option, r;

	optind = 0; /* begins anew, with musl as with glibc */
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":o:", known, NULL)) != -1) {
		r = take(&read, known, option, argv[optind - 1]);
		if (r != 0)
			return r;
	}
	if (optind < argc)
		return usage_error(VERB, "unexpected argument %s", argv[optind]);
	if (!read.output && !read.help)
		return usage_error(VERB, "expected -o FILE, where to write the archive");
	*options = read;
	return 0;
}
