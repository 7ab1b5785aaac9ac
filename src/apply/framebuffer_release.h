/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a boot display has been bound to a VFIO driver: sees whether the kernel has
 * released the boot framebuffer by itself, does it where that is wanted and of use, and
 * says what came of it wherever the BAR cannot be mapped.
 */
#pragma once

#include "core/plan.h"
#include "effects.h"

void framebuffer_release(const struct plan_device *device, const struct effects *effects,
	struct findings *findings);
