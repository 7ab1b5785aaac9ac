/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI class codes (include/linux/pci_ids.h), of 24 bits: base class, subclass, interface.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CLASS_BASE(code) ((code) >> 16)
#define PCI_CLASS_SUB(code)  ((code) >> 8)
#define PCI_BASE_STORAGE     0x01U
#define PCI_BASE_NETWORK     0x02U
#define PCI_BASE_DISPLAY     0x03U
#define PCI_BASE_MULTIMEDIA  0x04U
#define PCI_BASE_BRIDGE      0x06U
#define PCI_BASE_SYSTEM      0x08U
#define PCI_SUB_VGA_OLD      0x0001U
#define PCI_SUB_DISPLAY_3D   0x0302U /* computes; has no outputs */
#define PCI_SUB_MEMORY_RAM   0x0500U
#define PCI_SUB_SMBUS        0x0c05U

/*
 * The first 2, 4 or 6 hexadecimal digits of a class code, or one of the words that
 * messages use, which covers all that it names: `storage` also what is called sata and
 * nvme.
 */
struct pci_class_pattern {
	const char *word; /* of the program's own table; NULL: the digits */
	uint32_t code;
	unsigned digits;
};

#define PCI_CLASS_TEXT_MAX 24

/* Returns 0, -EINVAL (not of this form) or -ERANGE; *ret is written only on success. */
int pci_class_pattern_parse(
	const char *text, size_t length, struct pci_class_pattern *ret);
void pci_class_pattern_format(
	const struct pci_class_pattern *pattern, char out[PCI_CLASS_TEXT_MAX]);
bool pci_class_pattern_matches(
	const struct pci_class_pattern *pattern, uint32_t class_code);

/* The word that messages use for a class, as "display" or "nvme". */
const char *pci_class_word(uint32_t class_code);
