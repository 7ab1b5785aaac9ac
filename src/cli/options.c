/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include "complain.h"
#include "core/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_SYSROOT = 1,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_NO_COLOR,
	OPTION_HELP,
};

#define SHARED_MAX 5
#define KNOWN_MAX  (SHARED_MAX + OPTIONS_OWN_MAX + 1)

static unsigned collect(const struct option_reader *reader, struct option *known)
{
	unsigned count = 0;

	if (reader->shared & OPTIONS_SYSROOT)
		known[count++] = (struct option){
			"sysroot", required_argument, NULL, OPTION_SYSROOT};
	if (reader->shared & OPTIONS_JSON)
		known[count++] = (struct option){"json", no_argument, NULL, OPTION_JSON};
	known[count++] = (struct option){"quiet", no_argument, NULL, OPTION_QUIET};
	known[count++] = (struct option){"no-color", no_argument, NULL, OPTION_NO_COLOR};
	known[count++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	for (unsigned i = 0; reader->own && reader->own[i].name; i++)
		known[count++] = reader->own[i];
	known[count] = (struct option){0};
	return count;
}

static const char *name_of(const struct option *known, int option)
{
	while (known->name && known->val != option)
		known++;
	return known->name ? known->name : "?";
}

int options_unknown(const char *verb, const struct option *known, const char *word)
{
	const char *names[KNOWN_MAX], *nearest = NULL;
	char name[NEAREST_WORD_MAX + 2];
	size_t count = 0;

	while (count < KNOWN_MAX && known[count].name) {
		names[count] = known[count].name;
		count++;
	}
	if (strncmp(word, "--", 2) == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="),
			word + 2);
		nearest = nearest_word(name, names, count);
	}
	if (nearest)
		return usage_error(
			verb, "there is no option %s; did you mean --%s?", word, nearest);
	return usage_error(verb, "there is no option %s", word);
}

/* WORD is what getopt_long() looked at last. */
static int bad(const struct option_reader *reader, const struct option *known, int what,
	const char *word)
{
	if (what == ':')
		return usage_error(
			reader->verb, "--%s wants a value", name_of(known, optopt));
	if (optopt != 0 && strncmp(word, "--", 2) != 0)
		return usage_error(reader->verb, "there is no option -%c", optopt);
	if (optopt != 0)
		return usage_error(
			reader->verb, "--%s takes no value", name_of(known, optopt));
	return options_unknown(reader->verb, known, word);
}

static int take(const struct option_reader *reader, const struct option *known,
	int option, const char *word, struct options *options, bool *help)
{
	switch (option) {
	case OPTION_SYSROOT:
		options->sysroot = optarg;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_NO_COLOR:
		options->no_colour = true;
		return 0;
	case OPTION_HELP:
		*help = true;
		return 0;
	case ':':
	case '?':
		return bad(reader, known, option, word);
	default:
		return reader->take(reader->context, option, optarg);
	}
}

int options_read(const struct option_reader *reader, int argc, char **argv,
	struct options *options)
{
	struct option known[KNOWN_MAX];
	struct options read = {0};
	bool help = false;
	int option, r;

	(void)collect(reader, known);
	optind = 0; /* begins anew, with musl as with glibc */
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		r = take(reader, known, option, argv[optind - 1], &read, &help);
		if (r != 0)
			return r;
	}
	if (help) {
		fputs(reader->usage, stdout);
		return EXIT_SUCCESS;
	}
	read.operands = argv + optind;
	read.operand_count = argc - optind;
	if (read.operand_count > reader->operands_max)
		return usage_error(reader->verb, "unexpected argument %s",
			read.operands[reader->operands_max]);
	*options = read;
	return -1;
}
