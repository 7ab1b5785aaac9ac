/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The effects on the running kernel: writes to /sys and module loads, each announced to
 * the watch.
 */
#pragma once

#include "effects.h"
#include "module_load.h"
#include "watch.h"

struct kernel_effects {
	struct watch *watch;
	struct module_loader *loader; /* NULL where no module is loaded */
};

/* Whether a PCI driver of this name is registered. CONTEXT is not used. */
bool kernel_driver_present(void *context, const char *driver);

/* The returned table refers to KERNEL, which has to live as long. */
struct effects kernel_effects_table(struct kernel_effects *kernel);
