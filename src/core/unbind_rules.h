/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a device may be taken away from the driver that already holds it.
 *
 * The kernel itself refuses nothing: it unbinds nvme below a mounted file system, and an
 * unbind that waits for a user of the device can be neither stopped nor killed. So
 * unbind=safe is a list of drivers that let go cleanly, on the condition that nothing
 * uses the device; a display driver is never on it.
 */
#pragma once

#include "machine.h"

/*
 * True where POLICY permits to unbind FUNCTION from its present driver. Otherwise WHY is
 * set to the reason and what to do, to be read after "DRIVER holds it".
 */
bool unbind_permitted(enum unbind_policy policy, const struct pci_function *function,
	char *why, size_t size);

/* Whether it depends on function->use, which then has to be known. */
bool unbind_depends_on_use(
	enum unbind_policy policy, const struct pci_function *function);
