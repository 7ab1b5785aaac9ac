/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The image facts: what the host needed when the image was built, in a form that can be
 * compared with the machine that boots it. A need is stored with its function and all
 * functions above it, each by path, id and class, because addresses move.
 *
 * The text: the first line is "vfio-early-facts 1", the format and its version; the
 * second holds version= (of the program), made= (seconds since 1970), config= (FNV-1a of
 * the config files, 16 hex digits), root= (found, network, unseen, unknown), why= (where
 * it is not found), keyboards= and network= (known, unknown). Then a line for each need:
 * "need", kind=, words=, and function=PATH,VENDOR:DEVICE,CLASS for each function from the
 * root bus down, the last one being the one that carries it; and a line "root" with
 * kind= (UUID, LABEL, ...) and name= for each name of the root file system. See record.h
 * for how values are written. Records and keys that are not known are passed over.
 */
#pragma once

#include "boot_source.h"
#include "machine.h"
#include "needs.h"

#include <stdint.h>

#define FACTS_FORMAT_VERSION 1
#define FACTS_BYTES_MAX      262144
#define FACTS_VERSION_MAX    32

struct fact_function {
	struct pci_path path;
	uint16_t vendor;
	uint16_t device;
	uint32_t class_code;
};

struct fact {
	enum need_kind kind;
	char words[NEED_WORDS_MAX];
	struct fact_function
		*functions;      /* from the root bus down; NULL: none carries it */
	unsigned function_count; /* at most PCI_PATH_HOPS_MAX */
};

struct facts {
	char version[FACTS_VERSION_MAX];
	uint64_t made;
	uint64_t config_hash;
	enum root_place root;
	char root_words[NEED_WORDS_MAX];
	bool keyboards_known;
	bool network_known;
	struct device_spec root_names[ROOT_NAMES_MAX];
	unsigned root_name_count;
	struct fact *items;
	size_t count;
};

/*
 * What was found out about this machine, as facts. NEEDS that are incomplete leave the
 * root unknown. Sets all but version, made and config_hash. Returns 0 or -ENOMEM.
 */
int facts_make(const struct needs *needs, const struct machine *machine,
	struct facts *ret_facts);

/* The text; NULL when out of memory. The caller frees it. */
char *facts_print(const struct facts *facts);

/*
 * Returns 0, -ENOMEM, -EPROTONOSUPPORT (another format version), -EFBIG (longer than
 * FACTS_BYTES_MAX, or more needs than NEEDS_MAX) or -EBADMSG, with *ret_line set.
 */
int facts_parse(
	const char *text, size_t length, struct facts *ret_facts, unsigned *ret_line);

/* Whether all is known that facts_apply() looks at; wishes (wish.h) for what is not. */
bool facts_are_comparable(const struct facts *facts, const struct machine *machine);

/*
 * Adds to NEEDS what the facts say about this machine. A function counts only where both
 * its path and its identity are the same. The root of the facts counts where all that
 * carried it is there, and SOURCE does not name another one.
 */
void facts_apply(const struct facts *facts, const struct machine *machine,
	const struct boot_source *source, struct needs *needs);

void facts_clear(struct facts *facts);
