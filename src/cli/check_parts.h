/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of `check`; each adds to the advices what it finds. */
#pragma once

#include "advice.h"
#include "kernel_modules.h"
#include "kernels.h"
#include "survey.h"

#define CHECK_TEXT_MAX 4096

struct check {
	int root;
	bool is_capture; /* which has no boot images, kernels and settings of other tools
			  */
	const struct survey *survey;
	struct kernels kernels;            /* those with modules here */
	char running[CHECK_TEXT_MAX / 16]; /* the kernel's version, or "" */
	char cmdline[CHECK_TEXT_MAX];
	struct advices advices;
};

/*
 * Reads what the parts look at, of a check that is zero but for its first three members;
 * to be cleared in any case. Returns 0 or -ENOMEM.
 */
int check_begin(struct check *check);
void check_clear(struct check *check);

/* Whether a rule takes something, so that what is missing is an error. */
bool check_has_rules(const struct check *check);

/* Adds vfio-pci and what driver= of the rules names. Returns 0 or -ENOMEM. */
int check_drivers(const struct check *check, struct module_names *names);

void check_plan(struct check *check);
void check_iommu(struct check *check);
void check_kernels(struct check *check);
void check_images(struct check *check);
void check_entries(struct check *check);
void check_hooks(struct check *check);
void check_rivals(struct check *check);
