/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a block device is named in fstab, crypttab and on the kernel command line: by what
 * is on it, by a node, by its number, or (ZFS) as a pool.
 *
 * What blkid prints and what people write differ in case, and md and dracut write the
 * same 128 bits with other dividers; device_spec_same() compares as they mean it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_SPEC_MAX 128

enum device_spec_kind {
	SPEC_NONE,
	SPEC_UUID,
	SPEC_LABEL,
	SPEC_PARTUUID,
	SPEC_PARTLABEL,
	SPEC_NODE,   /* VALUE is what follows /dev/ */
	SPEC_NUMBER, /* VALUE is MAJOR:MINOR, decimal */
	SPEC_POOL,   /* VALUE is a ZFS pool, "*" for any */
	SPEC_KIND_COUNT,
};

struct device_spec {
	enum device_spec_kind kind;
	char value[DEVICE_SPEC_MAX];
};

/*
 * UUID=..., LABEL=..., PARTUUID=..., PARTLABEL=..., /dev/..., MAJOR:MINOR; the value may
 * stand in quotes, and /PARTNROFF=... behind it is passed over. /dev/disk/by-uuid/... and
 * its like are what they stand for. False, and *ret untouched, for anything else.
 */
bool device_spec_parse(const char *text, size_t length, struct device_spec *ret);

/* Whether VALUE, as blkid gives it for this kind, is the one that SPEC names. */
bool device_spec_same(const struct device_spec *spec, const char *value);

/* "UUID", "node", ...; "" outside the enum. */
const char *device_spec_name(enum device_spec_kind kind);
