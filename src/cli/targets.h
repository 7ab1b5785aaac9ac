/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which functions of a machine the devices of a command line are.
 */
#pragma once

#include "core/selection.h"

/*
 * What each rule by itself names: rules of a command line do not stand in each other's
 * way. Serial numbers and virtual functions are looked up below ROOT where a rule asks
 * for them. Returns 0 or -ENOMEM; one that matches nothing becomes a finding.
 */
int targets_find(int root, const struct config *rules, struct machine *machine,
	struct selection *ret_selection, struct findings *findings);

/* The same for one rule of another config, whether it takes or keeps. */
int targets_of_rule(const struct rule *rule, const struct machine *machine,
	struct selection *ret_selection);

bool selection_has(
	const struct selection *selection, const struct pci_function *function);

/* The entry of a function, NULL if it is not wanted. */
const struct wanted *selection_find(
	const struct selection *selection, const struct pci_function *function);
