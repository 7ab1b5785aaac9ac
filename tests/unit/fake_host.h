/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake machine for the readers of what the host needs: an AHCI controller 00:17.0, NVMe
 * drives 01:00.0 and 02:00.0, an xHCI controller 00:14.0 and a network card 03:00.0.
 */
#pragma once

#include "fake_sysfs.h"
#include "scan/host_needs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HBA   "pci0000:00/0000:00:17.0"
#define XHCI  "pci0000:00/0000:00:14.0"
#define NVME1 "pci0000:00/0000:00:1c.0/0000:01:00.0"
#define NVME2 "pci0000:00/0000:00:1c.1/0000:02:00.0"
#define NIC   "pci0000:00/0000:00:1c.2/0000:03:00.0"

extern struct fake fake;
extern const struct block_observer *host_observer;
extern char host_text[512]; /* for tests to write in */

/* Setup and teardown of a test. */
int host_begin(void **state);
int host_end(void **state);

void host_function(const char *row);
void host_block(const char *path, const char *number);
void host_mapped(const char *name, const char *number, const char *mapped);
void host_slave(const char *name, const char *slave);
void host_mounts(const char *mountinfo);
void host_cmdline(const char *cmdline);

/* All needs as "KIND@ADDRESS WORDS;" in order, domain 0000 left out, '-' for no function.
 */
const char *host_needs_text(const struct needs *needs);

/* Reads them, and fails unless they are these; keyboards and network too. */
#define host_expect(root, text) host_check(root, text, __FILE__, __LINE__)
void host_check(enum root_place root, const char *text, const char *file, int line);
