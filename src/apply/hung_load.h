/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a module never came back from being loaded: which devices it has.
 *
 * A driver that is loaded probes one device after the other (driver_attach() in
 * drivers/base/dd.c), and one of these probes may be what hangs. The kernel makes the
 * link from a device to its driver before the probe (really_probe()), so the link alone
 * does not tell. Whether the device's lock can be had does.
 */
#pragma once

#include "core/selection.h"
#include "effects.h"
#include "watch.h"

/*
 * Asks about every wanted device that is linked to a driver of which the load hung. Sets
 * function->driver again, or function->unknown where the probe still is under way; before
 * Linux 6.12.91 even the reading of such a device's driver_override would hang.
 */
void hung_load_ask(const struct watch *watch, const struct effects *effects,
	const struct selection *selection);
