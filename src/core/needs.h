/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host needs, as plain data: which PCI functions carry its file systems, its
 * keyboards and its network, and how much of that is known at all.
 *
 * A need without a function is one that no rule can take away: a PS/2 keyboard, a disk of
 * a bus that is not PCI. That it exists matters all the same.
 */
#pragma once

#include "device_spec.h"
#include "pci_address.h"

#include <stdbool.h>
#include <stddef.h>

#define NEEDS_MAX      256
#define NEED_WORDS_MAX 160
#define ROOT_NAMES_MAX 16

enum need_kind {
	NEED_ROOT,     /* /, /usr, and what is below them */
	NEED_DISK,     /* any other disk the host needs: /boot, swap, a key file */
	NEED_KEYBOARD, /* one record for each keyboard */
	NEED_NETWORK,
	NEED_KIND_COUNT,
};

struct need {
	enum need_kind kind;
	bool on_pci; /* else no function carries it */
	struct pci_address address;
	char words[NEED_WORDS_MAX]; /* as "carries / (UUID=...)" */
};

/* What is known about where the host boots from. */
enum root_place {
	ROOT_UNKNOWN, /* nothing says it */
	ROOT_UNSEEN,  /* named, and not found among the disks that are there */
	ROOT_NETWORK,
	ROOT_FOUND,
	ROOT_PLACE_COUNT,
};

struct needs {
	struct need *items;
	size_t count;
	enum root_place root;
	char root_words[NEED_WORDS_MAX]; /* why, unless ROOT_FOUND */
	/* Every name of the root file system that was read from its disks. */
	struct device_spec root_names[ROOT_NAMES_MAX];
	unsigned root_name_count;
	bool keyboards_known;
	bool network_known;
	bool incomplete; /* a need was lost: out of memory, or over NEEDS_MAX */
};

/*
 * Adds one unless it is there already. ADDRESS NULL: no PCI function carries it. Never
 * fails in a way the caller has to handle: see incomplete.
 */
__attribute__((format(printf, 4, 5))) void needs_add(struct needs *needs,
	enum need_kind kind, const struct pci_address *address, const char *format, ...);

/* Why it is not known; keeps the first reason. */
__attribute__((format(printf, 3, 4))) void needs_set_root(
	struct needs *needs, enum root_place root, const char *format, ...);

/* One more name of the root file system; what is over the limit is left out. */
void needs_add_root_name(
	struct needs *needs, enum device_spec_kind kind, const char *value);

/* The first need of this kind that this function carries, or NULL. */
const struct need *needs_find(const struct needs *needs, enum need_kind kind,
	const struct pci_address *address);

/* By kind, function and words: directories are not read in any order of their own, and
 * the same host is to have the same facts. */
void needs_sort(struct needs *needs);

void needs_clear(struct needs *needs);

/* The word of the facts format, as "root"; NULL outside the enum. */
const char *need_kind_name(enum need_kind kind);
const char *root_place_name(enum root_place place);
