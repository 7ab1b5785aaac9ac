/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be found out about a machine.
 *
 * A scan lists the functions and knows no more of them. Whoever decides asks here before
 * it looks at an attribute; one that is not known becomes a wish, and whatever is decided
 * meanwhile is worth nothing: the scan fills the wishes, and it is decided again, until
 * nothing is wished any more. So only what matters is ever read, and nobody has to say
 * beforehand what that is.
 *
 * A machine without machine->wishes, as one that was made by hand, is known in full. So
 * is a function that could not be read: more cannot be known of it.
 */
#pragma once

#include "machine.h"

/* The cheap ones first. */
enum attribute {
	ATTRIBUTE_PATH = 1,
	ATTRIBUTE_GROUP = 2,
	ATTRIBUTE_MEMBERS =
		4, /* that, and every other function of the group has it, too */
	ATTRIBUTE_VF_OF = 8,
	ATTRIBUTE_DRIVER = 16,
	ATTRIBUTE_BRIDGE = 32,
	ATTRIBUTE_IDS = 64,      /* and the class */
	ATTRIBUTE_PICTURE = 128, /* whether it is the boot display */
	ATTRIBUTE_SERIAL = 256,  /* touches the hardware, and wakes it up */
};

/* What pci_function_is_infrastructure() looks at. */
#define ATTRIBUTES_KIND (ATTRIBUTE_IDS | ATTRIBUTE_BRIDGE)
/* What does not depend on a rule that asks for it. */
#define ATTRIBUTES_COMMON                                                                \
	(ATTRIBUTE_PATH | ATTRIBUTE_GROUP | ATTRIBUTE_MEMBERS | ATTRIBUTE_DRIVER |       \
		ATTRIBUTES_KIND | ATTRIBUTE_PICTURE)

struct wishes {
	size_t refused;        /* how often the answer was no */
	uint16_t attributes[]; /* of each function of the machine, a set */
};

/* Lets a machine of which only addresses are known have wishes. Returns 0 or -ENOMEM. */
int wishes_begin(struct machine *machine);

/* Whether these are known; wishes for those that are not. */
bool wish_known(const struct machine *machine, const struct pci_function *function,
	unsigned attributes);

/* The same of every function. */
bool wish_all_known(const struct machine *machine, unsigned attributes);

/* Grows with every refusal: the same number again says that all was known between. */
size_t wish_refusals(const struct machine *machine);
