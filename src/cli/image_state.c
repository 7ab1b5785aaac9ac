/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_state.h"

#include "check_parts.h"

#include <errno.h>
#include <stdio.h>

static enum image_state judge(
	const struct advices *advices, char words[IMAGE_STATE_WORDS_MAX])
{
	enum image_state state = IMAGES_UNKNOWN;

	for (size_t i = 0; i < advices->count; i++) {
		const struct advice *advice = &advices->items[i];

		if (advice->level == ADVICE_OK && state == IMAGES_UNKNOWN)
			state = IMAGES_CURRENT;
		if (advice->level != ADVICE_ERROR || state == IMAGES_STALE)
			continue;
		state = IMAGES_STALE;
		snprintf(words, IMAGE_STATE_WORDS_MAX, "%s: %s%s%s", advice->subject,
			advice->what, advice->fix ? "; run " : "",
			advice->fix ? advice->fix : "");
	}
	return state;
}

int image_state_find(int root, bool is_capture, const struct survey *survey,
	enum image_state *ret_state, char ret_words[IMAGE_STATE_WORDS_MAX])
{
	struct check check = {.root = root, .is_capture = is_capture, .survey = survey};
	int r = 0;

	*ret_state = IMAGES_UNKNOWN;
	ret_words[0] = '\0';
	if (!is_capture)
		r = check_begin(&check);
	if (r == 0 && !is_capture) {
		check_images(&check);
		r = check.advices.incomplete ? -ENOMEM : 0;
	}
	if (r == 0)
		*ret_state = judge(&check.advices, ret_words);
	check_clear(&check);
	return r;
}
