/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a capture: what the other verbs read, and nothing else. */
#pragma once

#include "capture_writer.h"
#include "names.h"

void capture_functions(struct capture_writer *writer);
void capture_classes(struct capture_writer *writer);
void capture_system(struct capture_writer *writer);

/* The names of the machine's devices, as a pci.ids of their own. */
void capture_names(struct capture_writer *writer, const struct machine *machine,
	struct names *names);
