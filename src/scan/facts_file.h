/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The image facts as a file: /etc/vfio-early.facts of an image. Whoever can write it can
 * take the host's disks away from it, so only root may be able to change it (trust.h).
 */
#pragma once

#include "core/facts.h"
#include "core/finding.h"

#define FACTS_FILE "etc/vfio-early.facts"

/*
 * Returns 1 and the facts; 0 where there is no file, or one that is refused, which
 * becomes a finding; -ENOMEM.
 */
int facts_file_read(int root, struct facts *ret_facts, struct findings *findings);
