/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of a PE file: a unified kernel image has its initramfs and its command line in
 * such (the UAPI group's specification of UKIs). */
#pragma once

#include <stddef.h>

/*
 * The section NUMBER, from 0, among those called NAME. Returns 0 and where it lies in
 * BYTES, -ENOENT, or -EBADMSG for what is no PE file or leads out of it.
 */
int uki_section(const void *bytes, size_t length, const char *name, unsigned number,
	const char **ret_at, size_t *ret_length);
