/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel calls that never return, and how the boot goes on without them.
 *
 * A blocked write to sysfs can be neither interrupted nor killed. So the work is done in
 * a child that holds no inherited descriptor and announces every call that can block in
 * memory shared with its parent. The parent only waits: when a call is over its limit it
 * leaves that child behind (killed, so that it does nothing more should the call return),
 * notes the call as hung, and lets a new child begin again. Because the work is the same
 * whether it is done once or twice, the new child does what is left and passes over what
 * hangs. After the deadline the parent returns whatever the state.
 *
 * The child is confined as confine.h says.
 */
#pragma once

#include "core/config.h"
#include "core/pci_address.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WATCH_HUNG_MAX     8
#define WATCH_ATTEMPTS_MAX 10
#define WATCH_WORDS_MAX    160

enum call_kind {
	CALL_NONE,
	CALL_SCAN,     /* attributes of a function that take no lock */
	CALL_READ,     /* attributes that take the device's lock */
	CALL_OVERRIDE, /* driver_override */
	CALL_SET,      /* another attribute of a device, which the name says */
	CALL_UNBIND,
	CALL_PROBE,
	CALL_SETTLE, /* waiting for a probe that another call began */
	CALL_BIND,
	CALL_LOAD,    /* a module */
	CALL_BLOCK,   /* reading a block device */
	CALL_RELEASE, /* the boot framebuffer, from a platform device */
};

struct call {
	enum call_kind kind;
	struct pci_address address; /* not for CALL_LOAD and those after it */
	/* Of the driver, module, block or platform device; "" for none. */
	char name[DRIVER_NAME_MAX];
};

/* The memory shared by parent and children. */
struct watch {
	uint64_t deadline_ms;           /* CLOCK_MONOTONIC */
	struct call call;               /* the call under way */
	_Atomic uint64_t call_limit_ms; /* CLOCK_MONOTONIC; 0: no call is under way */
	struct call hung[WATCH_HUNG_MAX];
	unsigned hung_count;
	unsigned crashes;
	unsigned attempt; /* from 1 */
	bool done;        /* the job came to its end */
};

enum watch_end {
	WATCH_DONE,
	WATCH_DEADLINE, /* the time is over, or too many calls hung */
	WATCH_CRASHED,  /* every attempt died */
	WATCH_NO_CHILD, /* fork() or mmap() failed: nothing was done */
};

/*
 * Announces a call. False: this call, or another one on the same device, never returned
 * before; leave it out. CALL_SCAN waits for nobody's lock, so only itself speaks against
 * it.
 */
bool watch_enter(struct watch *watch, enum call_kind kind,
	const struct pci_address *address, const char *name);
void watch_leave(struct watch *watch);

/*
 * Runs JOB in children until one ends by itself. JOB must be repeatable. *ret_watch is
 * the shared memory for the caller to read; it lives until the process ends.
 */
enum watch_end watch_run(uint64_t deadline_ms,
	void (*job)(void *context, struct watch *watch), void *context,
	const struct watch **ret_watch);

/* Whether what the call is about is its name and not its address. */
bool call_goes_by_name(enum call_kind kind);

/* Whether the loading of this module never returned. */
bool watch_load_hung(const struct watch *watch, const char *module);

/* "writing driver_override of 0000:01:00.0". */
void call_words(const struct call *call, char out[WATCH_WORDS_MAX]);

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t now_ms(void);
