/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a PCI function is named: by address, by path from the root bus, by id.
 *
 * Everything here takes a span of text and returns 0 or -errno: -EINVAL (not of this
 * form) or -ERANGE (a field is too large). Outputs are written only on success.
 * All numbers are hexadecimal, as lspci and sysfs print them.
 *
 * Limits: domain 0 to 7fffffff (VMD domains start at 10000), bus ff, device 1f,
 * function 7, PCI_PATH_HOPS_MAX steps in a path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pci_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
};

/* One function, or with any_function set every function of a slot. */
struct pci_address_pattern {
	struct pci_address address;
	bool any_function;
};

/*
 * Position below a root bus: the device and function number at every step, the root
 * bus device first. Written [DOMAIN:]BUS:DEV.FN[/DEV.FN]..., the grammar of the kernel's
 * pci_dev_str_match_path() (drivers/pci/pci.c). Steady when buses are renumbered.
 */
#define PCI_PATH_HOPS_MAX 32
struct pci_path {
	uint32_t domain;
	uint8_t bus;
	uint8_t hops;
	uint8_t devfn[PCI_PATH_HOPS_MAX];
};

struct pci_id {
	uint16_t vendor;
	uint16_t device;
	uint16_t subvendor;
	uint16_t subdevice;
};

/* VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE]; each part may be '*', but not both of the first
 * two, which would be every device of the machine. */
struct pci_id_pattern {
	struct pci_id id;
	bool any_vendor;
	bool any_device;
	bool any_subvendor;
	bool any_subdevice;
};

/*
 * The PCIe device serial number, the EUI-64 as lspci and sysfs write it: eight bytes of
 * two digits with '-' between them, the first one the highest.
 */
#define PCI_SERIAL_TEXT_MAX 24

/* Room for the text forms, the end of the string included. */
#define PCI_ADDRESS_TEXT_MAX 24
#define PCI_PATH_TEXT_MAX    (16 + 5 * PCI_PATH_HOPS_MAX)
#define PCI_ID_TEXT_MAX      20

int pci_address_parse(const char *text, size_t length, struct pci_address *ret);
int pci_address_pattern_parse(
	const char *text, size_t length, struct pci_address_pattern *ret);
int pci_path_parse(const char *text, size_t length, struct pci_path *ret);
int pci_serial_parse(const char *text, size_t length, uint64_t *ret);
int pci_id_pattern_parse(const char *text, size_t length, struct pci_id_pattern *ret);

/*
 * The path of a function out of the text of its /sys/bus/pci/devices/ link, which holds
 * every bridge above it. Begins again at the last pciDDDD:BB part: a VMD controller
 * nests a whole domain below itself.
 */
int pci_path_from_sysfs(const char *link, struct pci_path *ret);

/* The address in the last part of a sysfs path. */
int pci_address_from_sysfs(const char *link, struct pci_address *ret);

void pci_address_format(
	const struct pci_address *address, char out[PCI_ADDRESS_TEXT_MAX]);
void pci_address_pattern_format(
	const struct pci_address_pattern *pattern, char out[PCI_ADDRESS_TEXT_MAX]);
void pci_path_format(const struct pci_path *path, char out[PCI_PATH_TEXT_MAX]);
void pci_serial_format(uint64_t serial, char out[PCI_SERIAL_TEXT_MAX]);
void pci_id_pattern_format(
	const struct pci_id_pattern *pattern, char out[PCI_ID_TEXT_MAX]);

int pci_address_compare(const struct pci_address *a, const struct pci_address *b);
bool pci_address_same_slot(const struct pci_address *a, const struct pci_address *b);
bool pci_address_pattern_matches(
	const struct pci_address_pattern *pattern, const struct pci_address *address);
bool pci_path_equal(const struct pci_path *a, const struct pci_path *b);
/* Whether a function with this address can be at the end of the path: of it the address
 * has domain, device and function, and without a bridge above it the bus. */
bool pci_path_may_end_at(const struct pci_path *path, const struct pci_address *address);
bool pci_id_pattern_matches(
	const struct pci_id_pattern *pattern, const struct pci_id *id);
