/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a run finds out and decides, in this order: the machine, what the rules want of
 * it, what the host needs of that, the plan. Nothing is written. vfio-early-boot acts on
 * the plan; the host's program foresees a boot with the same function.
 */
#pragma once

#include "block_list.h"
#include "core/plan.h"
#include "scan.h"

struct decision {
	struct machine machine;
	struct selection selection;
	struct plan plan;
};

struct decide {
	int root;
	const struct scan_observer *scan;   /* may be NULL */
	const struct block_observer *block; /* likewise */
	/* For late devices, whose image facts and notices were told of at boot. */
	bool late;
	/* Of a boot that is to come, which no override outlives: so none is read, as that
	 * can wait for ever for a device that is stuck now. */
	bool next_boot;
	/* Find out all about every function, and what the host needs, whether or not a
	 * rule asks for it. */
	bool everything;
	/* The machine has functions that others point to: leave them in their places. */
	bool keeps_vanished;
	void *context;
	/* With machine and selection; may be NULL. Returns true to find both anew, after
	 * dropping the findings about them. */
	bool (*found)(void *context, struct decision *decision);
	/* With what uses the wanted functions, too; may be NULL. Returns true where no
	 * plan is to be made. */
	bool (*looked)(void *context, struct decision *decision);
	/* Before the plan is made, with all that it is made from; may be NULL. */
	void (*learnt)(void *context, struct decision *decision);
};

/* What of the configuration itself is to be told. */
void decide_problems(const struct config *config, struct findings *findings);

/*
 * Fills *decision, which is to be cleared in any case. Disks are read only where
 * something is wanted whose loss could matter to the host; a facts file that is refused
 * becomes a finding. Returns 0, -ENOMEM, or what scan_machine() and scan_fill() give.
 */
int decide(const struct decide *how, const struct config *config,
	struct decision *decision, struct findings *findings);

/*
 * A part of it: what CONFIG wants of a machine, of which as much is found out as that
 * asks for. Returns 0, -ENOMEM or what scan_fill() gives.
 */
int decide_select(const struct decide *how, const struct config *config,
	struct machine *machine, struct selection *ret_selection,
	struct findings *findings);

void decision_clear(struct decision *decision);
