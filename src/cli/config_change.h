/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of /etc/vfio-early.conf, from what is asked for to what is written: the
 * machine and the configuration as they are, the lines that come and go, the plan of the
 * next boot as it would be, and the end. Everything complains itself.
 */
#pragma once

#include "config_file.h"
#include "device_request.h"
#include "names.h"
#include "survey.h"
#include "sysroot.h"
#include "targets.h"

struct change {
	const struct request *request;
	struct sysroot sysroot;
	struct config_file file;
	struct survey before;
	struct survey after; /* with has_after */
	bool has_after;
	struct selection targets; /* functions of before.machine */
	bool unmatched;           /* a DEVICE of the command line is none */
	struct names *names;
	unsigned removed[CONFIG_RULES_MAX];
	size_t removed_count;
	char *added[CONFIG_RULES_MAX];
	const struct pci_function *added_for[CONFIG_RULES_MAX];
	size_t added_count;
	char *text; /* of the whole file; NULL before change_plan() */
	size_t length;
};

/* Each returns 0 or the exit status; *change is to be ended in any case. */
int change_begin(struct change *change, const struct request *request);

/* Says which devices of the command line are none; returns EXIT_FAILURE. */
int change_complain_unmatched(const struct change *change);

/* 1 where a rule of `before` names devices of the command line and no others, or nothing
 * that is there, and is what the command line says; 0, or -ENOMEM. */
int change_is_only_theirs(const struct change *change, const struct rule *rule);

/* A line for a function of before.machine: RULE by its path, with its id if WITH_ID, and
 * its name as a comment. */
int change_add(struct change *change, const struct rule *rule,
	const struct pci_function *function, bool with_id);

void change_remove(struct change *change, unsigned line);

/* Makes `after`; again where there are more lines now. */
int change_plan(struct change *change);

/* Shows the lines, and unless it is a dry run writes the file; what to do then. */
int change_finish(struct change *change);

void change_end(struct change *change);

/*
 * Reads the command line, has CHANGE_IT do it between the beginning and the end, and
 * returns the exit status.
 */
int change_main(const struct request_reader *reader, int argc, char **argv,
	int (*change_it)(struct change *change));

/* "01:00.0 [10de:2206] NAME", for messages. */
#define CHANGE_WORDS_MAX (NAME_TEXT_MAX + 64)
void change_words(const struct change *change, const struct pci_function *function,
	char out[CHANGE_WORDS_MAX]);
