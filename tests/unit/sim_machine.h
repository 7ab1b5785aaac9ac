/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine that effects act upon as the kernel would, which writes down every call and
 * makes chosen ones fail. A call that fails does nothing; one that fails with -ETIMEDOUT
 * also makes every later one on that device fail so, as the watch does.
 */
#pragma once

#include "apply/effects.h"
#include "machine_builder.h"

#define SIM_DEVICES_MAX 8
#define SIM_CALLS_MAX   256
#define SIM_FAULTS_MAX  2
#define SIM_DRIVERS_MAX 8

enum sim_kind {
	SIM_OVERRIDE,
	SIM_LOAD,
	SIM_PRESENT, /* fails by answering no */
	SIM_UNBIND,
	SIM_PROBE,
	SIM_BIND,
	SIM_READ,
	SIM_RELEASE,
	SIM_FRAMEBUFFER,
	SIM_HOLD,
	SIM_POWER,
	SIM_SETTLE,
	SIM_KIND_COUNT,
};

/* How a process ends in the middle of a call; what it did so far remains. */
enum sim_cut {
	SIM_CUT_NONE,
	SIM_CUT_DIES,  /* before the call */
	SIM_CUT_HANGS, /* in the call: as far as the kernel gets before a driver's part */
};

struct sim_fault {
	enum sim_kind kind;
	unsigned index; /* among the calls of its kind, from 0 */
	int error;      /* 0: no fault */
	bool hit;
};

struct sim_call {
	enum sim_kind kind;
	unsigned device; /* not for LOAD, PRESENT, RELEASE, FRAMEBUFFER */
	char text[DRIVER_NAME_MAX];
	int result;
	bool awaited; /* a driver is there that the device's override names */
};

struct sim_device {
	struct pci_address address;
	char override[DRIVER_NAME_MAX];
	char driver[DRIVER_NAME_MAX];
	const char *native; /* the driver that takes it without an override, or "" */
	bool boot_display;
	bool stuck;
	bool never_d3cold;
	bool awake;
	bool holds_vfs;
	bool gone;
};

/* What is unusual about a machine. */
struct sim_traits {
	int refuse;         /* the probe of every driver but the native one fails so */
	bool grab;          /* native drivers take a device just before its override */
	bool load_is_empty; /* modules load but no driver appears */
	bool keeps_on;      /* unbind succeeds but the driver stays */
	bool evicts;        /* binding the boot display releases the boot framebuffer */
	bool clings; /* the framebuffer's driver stays though its unbind succeeds */
};

struct sim {
	struct sim_traits traits;
	struct sim_device devices[SIM_DEVICES_MAX];
	unsigned device_count;
	struct boot_framebuffer framebuffer;
	char registered[SIM_DRIVERS_MAX][DRIVER_NAME_MAX];
	unsigned registered_count;
	struct sim_call calls[SIM_CALLS_MAX];
	unsigned call_count;
	unsigned counts[SIM_KIND_COUNT];
	struct sim_fault faults[SIM_FAULTS_MAX];
	/* The process that makes this call, counted from 1, ends with _exit(). */
	enum sim_cut cut;
	unsigned cut_at;
	unsigned cut_device; /* which of those a module takes hangs in its probe */
	struct sim_call *cut_call;
	/* Before this call, counted from 1, one device is removed, whatever has it. */
	unsigned gone_at;
	unsigned gone_device;
	bool returns; /* and plugged in again at once: its native driver gets it */
	char hung_module[DRIVER_NAME_MAX]; /* every load of it fails with -ETIMEDOUT */
};

/*
 * As the machine was scanned. NATIVES has a driver for each function in order of
 * address, "" for none; they are registered, as is every driver that holds a device.
 */
void sim_begin(struct sim *sim, const struct machine *machine,
	const char *const natives[], const struct sim_traits *traits);

struct effects sim_effects(struct sim *sim);

bool sim_is_registered(const struct sim *sim, const char *driver);

/* NULL for an address that the machine does not have. */
struct sim_device *sim_device(struct sim *sim, const struct pci_address *address);
