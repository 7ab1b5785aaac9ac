/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of a verb about devices: DEVICE is what the terms of a rule are, as
 * 01:00.0, 01:00.*, group=14 or "id=10de:* class=03", and options of the verb become
 * those of the rule.
 */
#pragma once

#include "core/config.h"
#include "options.h"

#define REQUEST_DRY_RUN 0x1U
#define REQUEST_RULE    0x2U /* --with, --allow, --driver, --unbind */
#define REQUEST_WITH    0x4U /* --with alone */
#define REQUEST_REBUILD 0x8U
#define REQUEST_RESCAN  0x10U

/* What --help says of DEVICE, up to a half-sentence of the verb, and of the options. */
#define REQUEST_DEVICE_USAGE                                                             \
	"DEVICE is what a rule has: 01:00.0, 01:00.*, path=00:01.0/00.0, group=14,\n"    \
	"id=10de:2206, class=03, ...; "
#define REQUEST_WITH_USAGE                                                               \
	"  --with=slot|group  also every function of the slot, every endpoint of the "   \
	"group\n"
#define REQUEST_RULE_USAGE                                                               \
	REQUEST_WITH_USAGE                                                               \
	"  --allow=GUARD      lift a guard: a refusal says which\n"                      \
	"  --driver=NAME      bind them to this driver; default vfio-pci\n"              \
	"  --unbind=never|safe|always\n"

struct request_reader {
	const char *verb;
	const char *usage; /* what --help prints */
	unsigned has;
};

struct request {
	const char *verb;
	struct options options;
	bool dry_run;
	bool rebuild;
	bool rescan;
	bool has_options; /* a rule's option was given */
	char *text;       /* of the options: " with=slot allow=network" */
	char **rules;     /* one for each DEVICE, with the options */
	size_t rule_count;
	struct config config; /* the same, parsed */
};

/*
 * Complains itself. Returns a negative number to go on; else the exit status, which
 * --help and mistakes have. *ret_request is to be cleared in any case.
 */
int request_read(const struct request_reader *reader, int argc, char **argv,
	struct request *ret_request);
void request_clear(struct request *request);
