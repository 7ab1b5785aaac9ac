/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as plain data: what a scan found and what everything after it decides from.
 */
#pragma once

#include "config.h"
#include "framebuffer.h"
#include "iommu_switches.h"
#include "needs.h"
#include "pci_address.h"
#include "pci_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_FUNCTIONS_MAX 65536
#define MACHINE_GROUP_NONE    (-1)
#define USE_TEXT_MAX          160

/* Whether a function's present driver can be asked to let go. */
enum use {
	USE_NOT_ASKED, /* no driver, or nobody wants it */
	USE_IDLE,
	USE_BUSY,    /* use_text says by what */
	USE_UNKNOWN, /* use_text says what could not be found out */
};

/* What a function was on before this program changed it. */
struct pci_past {
	char driver[DRIVER_NAME_MAX];
	bool driver_built_in;
	char override[DRIVER_NAME_MAX];
};

struct pci_function {
	struct pci_address address;
	/* Of its place in sysfs: another one when it was removed and came back. */
	uint64_t node;
	uint16_t known; /* a set of enum attribute: see wish.h */
	struct pci_path path;
	struct pci_id id;
	uint32_t class_code; /* 24 bits: base class, subclass, interface */
	bool is_bridge;      /* type 1 header */
	/*
	 * A read of its attributes failed with this -errno, or never came back
	 * (-ETIMEDOUT): nothing but the address is known. 0 where all went well.
	 */
	int unknown;
	bool boot_display; /* the firmware's picture is in one of its BARs */
	bool late;         /* appeared after the boot run, or is decided about again */
	bool waited;       /* with late: is decided about again, see guard_waits() */
	bool is_vf;        /* an SR-IOV virtual function; of vf_of */
	struct pci_address vf_of;
	bool has_serial; /* PCIe device serial number */
	uint64_t serial;
	int group;                      /* IOMMU group, MACHINE_GROUP_NONE without one */
	char driver[DRIVER_NAME_MAX];   /* the bound driver, "" for none */
	bool driver_built_in;           /* known only where a driver is bound */
	char override[DRIVER_NAME_MAX]; /* driver_override; read only where wanted */
	/* The driver that its rule asks for is not to be had; its real name, if known. */
	bool driver_missing;
	char driver_meant[DRIVER_NAME_MAX];
	bool waits; /* refused for what may be otherwise later in the same boot */
	/* Set where an attempt that was left behind has changed it: see watch.h. */
	const struct pci_past *past;
	enum use use;
	char use_text[USE_TEXT_MAX];
};

struct wishes;

struct machine {
	struct pci_function *functions; /* by address, ascending */
	size_t count;
	size_t capacity;
	bool has_iommu; /* /sys/class/iommu has an entry */
	/* What the kernel command line says of it; read where there is none. */
	struct iommu_switches iommu_switches;
	struct needs needs;
	struct boot_framebuffer framebuffer;
	struct wishes *wishes; /* NULL: nothing is left to be found out */
};

/* Which functions there are, before anything else of them is known. */
struct pci_listed {
	struct pci_address address;
	uint64_t node;
};

/* Makes a machine of them, in an order that takes no longer for each of many; puts the
 * list in that order, too. Returns 0 or -ENOMEM. */
int machine_make(struct pci_listed listed[], size_t count, struct machine *ret);

/* Drops the functions that are not there any more. */
void machine_drop_vanished(struct machine *machine);

/* Appends a zeroed function; NULL when out of memory. Call machine_sort() at the end. */
struct pci_function *machine_add(struct machine *machine);
void machine_sort(struct machine *machine);
void machine_clear(struct machine *machine);

/* NULL if there is none. */
struct pci_function *machine_find(
	const struct machine *machine, const struct pci_address *address);

/* The driver, and the override, that a function had when this run began. */
const char *pci_driver_before(const struct pci_function *function);
const char *pci_override_before(const struct pci_function *function);

/* Why that driver was faster than vfio-early. */
const char *pci_driver_origin(const struct pci_function *function);

/* Whether the firmware may have left its picture in a BAR of such a function. */
bool pci_function_may_have_picture(const struct pci_function *function);

/*
 * Bridges, host bridges, ISA and LPC, RAM controllers, system peripherals, SMBus: what
 * holds the machine itself together. vfio-pci refuses only type 1 headers and would take
 * the others (vfio_pci_core_register_device() in drivers/vfio/pci/vfio_pci_core.c).
 */
bool pci_function_is_infrastructure(const struct pci_function *function);
