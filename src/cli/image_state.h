/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the installed boot images do what is configured, in a word. */
#pragma once

#include "survey.h"

#define IMAGE_STATE_WORDS_MAX 512

enum image_state {
	IMAGES_UNKNOWN, /* there is none, none can be read, or there are no rules */
	IMAGES_CURRENT, /* all have vfio-early, in time, and this configuration */
	IMAGES_STALE,   /* at least one has not */
};

/*
 * As `check` finds it; a capture has no boot images. *ret_words says of stale images
 * which one and why, with what to do about it. Returns 0 or -ENOMEM.
 */
int image_state_find(int root, bool is_capture, const struct survey *survey,
	enum image_state *ret_state, char ret_words[IMAGE_STATE_WORDS_MAX]);
