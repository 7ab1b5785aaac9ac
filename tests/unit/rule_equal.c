/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rule_equal.h"

#include <string.h>

static bool id_equal(const struct pci_id_pattern *a, const struct pci_id_pattern *b)
{
	return a->any_vendor == b->any_vendor && a->any_device == b->any_device &&
	       a->any_subvendor == b->any_subvendor &&
	       a->any_subdevice == b->any_subdevice && a->id.vendor == b->id.vendor &&
	       a->id.device == b->id.device && a->id.subvendor == b->id.subvendor &&
	       a->id.subdevice == b->id.subdevice;
}

static bool term_equal(const struct term *a, const struct term *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TERM_ADDRESS:
		return a->address.any_function == b->address.any_function &&
		       pci_address_compare(&a->address.address, &b->address.address) == 0;
	case TERM_PATH:
		return pci_path_equal(&a->path, &b->path);
	case TERM_GROUP_NUMBER:
		return a->group == b->group;
	case TERM_GROUP_OF:
		return pci_address_compare(&a->group_of, &b->group_of) == 0;
	case TERM_ID:
		return id_equal(&a->id, &b->id);
	case TERM_CLASS:
		return a->class_pattern.word == b->class_pattern.word &&
		       a->class_pattern.code == b->class_pattern.code &&
		       a->class_pattern.digits == b->class_pattern.digits;
	case TERM_SERIAL:
		return a->serial == b->serial;
	case TERM_VF_OF:
		return pci_address_compare(&a->vf_of, &b->vf_of) == 0;
	case TERM_BOOT_DISPLAY:
		return a->boot_display == b->boot_display;
	}
	return false;
}

bool rule_equal(const struct rule *a, const struct rule *b)
{
	if (a->action != b->action || a->term_count != b->term_count ||
		a->widening != b->widening || a->unbind != b->unbind ||
		a->allow != b->allow || a->d3_off != b->d3_off ||
		a->framebuffer != b->framebuffer || strcmp(a->driver, b->driver) != 0)
		return false;
	for (unsigned i = 0; i < a->term_count; i++)
		if (!term_equal(&a->terms[i], &b->terms[i]))
			return false;
	return true;
}
