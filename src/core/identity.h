/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rule with an address or a path says where; its id says what has to be there. Buses
 * are renumbered when a card is added, so a place alone may name another device tomorrow.
 */
#pragma once

#include "selection.h"

/* Whether the rule says where (address or path). */
bool rule_says_where(const struct rule *rule);

/* Whether it says where and its id is not the one found there. */
bool rule_identity_mismatch(const struct rule *rule, const struct pci_function *function);

/* A notice for every rule of a file that says where and not what, with the id to add. */
void identity_note(const struct selection *selection, struct findings *findings);
