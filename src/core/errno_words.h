/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an errno of the kernel means for the step that got it, and what to do about it.
 * Takes the positive or the negative number. Never NULL.
 */
#pragma once

enum step {
	STEP_OVERRIDE, /* writing driver_override */
	STEP_LOAD,     /* finit_module(2) or finding the module */
	STEP_UNBIND,   /* writing driver/unbind */
	STEP_BIND,     /* writing DRIVER/bind */
};

const char *errno_words(enum step step, int error);
