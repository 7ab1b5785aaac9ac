/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of PCI devices, from pci.ids below a root directory, else from that of this
 * system. Without one, or with one that cannot be understood, ids stand for names.
 */
#pragma once

#include "core/machine.h"

#define NAME_TEXT_MAX 160

struct names;

/* NULL when out of memory. ROOT has to stay open. */
struct names *names_open(int root);
void names_close(struct names *names);

/* "Intel Corporation 82574L Gigabit Network Connection"; "" where only ids would be. */
void names_device(struct names *names, const struct pci_id *id, char out[NAME_TEXT_MAX]);

/* The same for a narrow column: "Intel 82574L Gigabit Network Connection"; the class
 * where the device has no name, and the word that messages use where there is no pci.ids.
 */
void names_short(struct names *names, const struct pci_id *id, uint32_t class_code,
	char out[NAME_TEXT_MAX]);

/* "VGA compatible controller"; "" where it has no name. */
void names_class(struct names *names, uint32_t class_code, char out[NAME_TEXT_MAX]);

/* The parts that `capture` writes down; "" where there is none. */
void names_vendor(struct names *names, uint16_t vendor, char out[NAME_TEXT_MAX]);
void names_model(struct names *names, const struct pci_id *id, char out[NAME_TEXT_MAX]);
void names_class_base(struct names *names, uint8_t base, char out[NAME_TEXT_MAX]);
