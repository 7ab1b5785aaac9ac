/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what is mounted, or named in a file, to the PCI functions that carry it.
 *
 * disks_begin() says what kind of need is being followed; after it every
 * disks_carry_...() adds the needs it finds with the words that are set, and sets .lost
 * where a way down ends in nothing and .network where it leads off the machine.
 */
#pragma once

#include "block_list.h"
#include "core/machine.h"
#include "core/mount_lines.h"
#include "core/needs.h"

#define DISKS_MAPPED_MAX 64

struct disks {
	int root;
	const struct machine *machine;
	struct needs *needs;
	struct block_list blocks;
	char *mountinfo;
	size_t mountinfo_length;
	/* The device-mapper names of all that was passed so far. */
	char mapped[DISKS_MAPPED_MAX][DEVICE_SPEC_MAX];
	unsigned mapped_count;

	enum need_kind kind;
	char words[NEED_WORDS_MAX];
	bool naming; /* names on the way are names of the root file system */
	bool named;  /* the first device of the way is passed */
	bool lost;
	bool network;
	unsigned file_depth;
};

void disks_begin(struct disks *disks, enum need_kind kind);

/* Sets the words: "carries WHAT (UUID=...)", with FALLBACK where there is no UUID. */
void disks_name_device(struct disks *disks, const char *what,
	const struct block_device *device, const char *fallback);

void disks_carry_device(struct disks *disks, const struct block_device *device);
void disks_carry_mount(struct disks *disks, const struct mount *mount);
void disks_carry_path(struct disks *disks, const char *path);

/* Returns how many devices SPEC names. */
unsigned disks_carry_spec(struct disks *disks, const struct device_spec *spec);

/* The mount that PATH lies in; false without one. */
bool disks_find_mount(const struct disks *disks, const char *path, struct mount *ret);

bool disks_is_mapped(const struct disks *disks, const char *name);
