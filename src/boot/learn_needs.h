/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host needs, at the time of a boot run: the facts of the image, and what can be
 * seen of disks, input devices and the network now.
 */
#pragma once

#include "apply/watch.h"
#include "core/finding.h"
#include "core/selection.h"

/*
 * Fills machine->needs. Disks are read only where the selection has devices whose loss
 * could matter to the host. A facts file that is refused becomes a finding, in a LATE run
 * not again. WATCH may be NULL. Returns 0 or -ENOMEM.
 */
int learn_needs(int root, struct watch *watch, bool late,
	const struct selection *selection, struct machine *machine,
	struct findings *findings);
