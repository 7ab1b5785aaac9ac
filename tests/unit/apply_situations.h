/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines with configs that between them need every operation of a plan, and every way
 * in which a kernel answers one.
 */
#pragma once

#include "machine_builder.h"
#include "sim_machine.h"

#include <errno.h>

struct situation {
	const char *name;
	const char *config;
	const char *rows[SIM_DEVICES_MAX];
	const char *natives[SIM_DEVICES_MAX];
	struct sim_traits traits;
	const char *after; /* drivers by address where nothing fails */
};

#define STRANGER "09:00.0 8086:1533 020000 9 igb"
#define EFIFB    "01:00.0 1:1 038000 1 - framebuffer=efi-framebuffer.0/efifb"
#define BOOTFB   "01:00.0 1:1 038000 1 - framebuffer=simple-framebuffer.0/BOOTFB"

static const struct situation situations[] = {
	{"nothing bound", "01:00.0\n", {"01:00.0 10de:2206 030000 1 -", STRANGER},
		{"nouveau", "igb"}, {0}, "vfio-pci igb"},
	{"nothing bound, no host driver", "01:00.0\n",
		{"01:00.0 10de:2206 030000 1 -", STRANGER}, {"", "igb"}, {0},
		"vfio-pci igb"},
	{"a host driver to be taken from", "01:00.0\n",
		{"01:00.0 8086:1533 020000 1 igb idle", STRANGER}, {"igb", "igb"}, {0},
		"vfio-pci igb"},
	{"already there", "01:00.0\n02:00.0\n",
		{"01:00.0 1:1 030000 1 vfio-pci override=vfio-pci",
			"02:00.0 1:2 030000 2 -", STRANGER},
		{"nouveau", "", "igb"}, {0}, "vfio-pci vfio-pci igb"},
	{"on the driver without an override", "01:00.0\n",
		{"01:00.0 1:1 030000 1 vfio-pci", STRANGER}, {"nouveau", "igb"}, {0},
		"vfio-pci igb"},
	{"two of a group", "01:00.*\n",
		{"01:00.0 1:1 030000 1 -", "01:00.1 1:2 040300 1 snd_hda_intel idle",
			STRANGER},
		{"nouveau", "snd_hda_intel", "igb"}, {0}, "vfio-pci vfio-pci igb"},
	{"a host driver grabs it", "01:00.0\n02:00.0\n",
		{"01:00.0 1:1 030000 1 -", "02:00.0 1:2 030000 2 -", STRANGER},
		{"nouveau", "", "igb"}, {.grab = true}, "nouveau vfio-pci igb"},
	{"probed in vain", "01:00.0\n02:00.0 unbind=always\n",
		{"01:00.0 1:1 030000 1 -", "02:00.0 1:2 030000 2 amdgpu", STRANGER},
		{"nouveau", "amdgpu", "igb"}, {.refuse = EINVAL}, "nouveau amdgpu igb"},
	{"loaded in vain", "01:00.0\n02:00.0\n",
		{"01:00.0 1:1 030000 1 -", "02:00.0 1:2 020000 2 igb idle", STRANGER},
		{"nouveau", "igb", "igb"}, {.load_is_empty = true}, "nouveau igb igb"},
	{"unbound in vain", "01:00.0\n", {"01:00.0 1:1 020000 1 igb idle", STRANGER},
		{"igb", "igb"}, {.keeps_on = true}, "igb igb"},
	{"other overrides before", "01:00.0\n02:00.0\n",
		{"01:00.0 1:1 030000 1 - override=nouveau",
			"02:00.0 1:2 030000 2 - override=vfio-pci", STRANGER},
		{"nouveau", "nouveau", "igb"}, {.refuse = EBUSY}, "nouveau nouveau igb"},
	{"two drivers", "01:00.0\n02:00.0 driver=pci-stub\n",
		{"01:00.0 1:1 030000 1 -", "02:00.0 1:2 020000 2 igb idle", STRANGER},
		{"nouveau", "igb", "igb"}, {0}, "vfio-pci pci-stub igb"},
	{"the boot display", "01:00.0\n02:00.0\n", {EFIFB, "02:00.0 1:2 030000 2 -"},
		{"nouveau", ""}, {0}, "vfio-pci vfio-pci"},
	{"the boot display of a kernel that evicts", "01:00.0\n", {EFIFB, STRANGER},
		{"nouveau", "igb"}, {.evicts = true}, "vfio-pci igb"},
	{"the boot display, its framebuffer left", "01:00.0 framebuffer=leave\n",
		{EFIFB, STRANGER}, {"nouveau", "igb"}, {0}, "vfio-pci igb"},
	{"the boot display, its framebuffer fixed", "01:00.0\n", {BOOTFB, STRANGER},
		{"nouveau", "igb"}, {0}, "vfio-pci igb"},
	{"the boot display, its framebuffer clinging", "01:00.0\n", {EFIFB, STRANGER},
		{"nouveau", "igb"}, {.clings = true}, "vfio-pci igb"},
	{"the boot display, probed in vain", "01:00.0\n", {EFIFB, STRANGER}, {"", "igb"},
		{.refuse = EINVAL}, "- igb"},
	{"kept awake", "01:00.0 d3=off\n02:00.0 d3=off\n",
		{"01:00.0 1:1 030000 1 -",
			"02:00.0 1:2 030000 2 vfio-pci override=vfio-pci", STRANGER},
		{"nouveau", "", "igb"}, {0}, "vfio-pci vfio-pci igb"},
	{"kept awake in vain", "01:00.0 d3=off\n", {"01:00.0 1:1 030000 1 -", STRANGER},
		{"nouveau", "igb"}, {.refuse = EINVAL}, "nouveau igb"},
	{"virtual functions held", "01:00.0\nvf-of=09:00.0\n",
		{"01:00.0 1:1 030000 1 -", STRANGER}, {"nouveau", "igb"}, {0},
		"vfio-pci igb"},
};
#define SITUATIONS (sizeof(situations) / sizeof(situations[0]))
