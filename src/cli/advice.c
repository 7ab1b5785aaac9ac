/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void advice_add(struct advices *advices, enum advice_level level, const char *topic,
	const char *subject)
{
	struct advice *items =
		reallocarray(advices->items, advices->count + 1, sizeof(*items));

	if (!items) {
		advices->incomplete = true;
		return;
	}
	advices->items = items;
	items[advices->count++] = (struct advice){
		.level = level, .topic = topic, .subject = strdup(subject)};
	if (!items[advices->count - 1].subject)
		advices->incomplete = true;
}

static void print(struct advices *advices, char **text, const char *format, va_list list)
{
	char *printed;

	if (vasprintf(&printed, format, list) < 0) {
		advices->incomplete = true;
		return;
	}
	free(*text);
	*text = printed;
}

/* Without memory for the last one its texts would go to the one before. */
static struct advice *last(struct advices *advices)
{
	if (advices->incomplete || advices->count == 0)
		return NULL;
	return &advices->items[advices->count - 1];
}

void advice_what(struct advices *advices, const char *format, ...)
{
	struct advice *advice = last(advices);
	va_list list;

	va_start(list, format);
	if (advice)
		print(advices, &advice->what, format, list);
	va_end(list);
}

void advice_why(struct advices *advices, const char *format, ...)
{
	struct advice *advice = last(advices);
	va_list list;

	va_start(list, format);
	if (advice)
		print(advices, &advice->why, format, list);
	va_end(list);
}

void advice_fix(struct advices *advices, const char *format, ...)
{
	struct advice *advice = last(advices);
	va_list list;

	va_start(list, format);
	if (advice)
		print(advices, &advice->fix, format, list);
	va_end(list);
}

enum advice_level advice_worst(const struct advices *advices)
{
	enum advice_level worst = ADVICE_OK;

	for (size_t i = 0; i < advices->count; i++)
		if (advices->items[i].level > worst)
			worst = advices->items[i].level;
	return worst;
}

const char *advice_level_name(enum advice_level level)
{
	static const char *const names[ADVICE_LEVEL_COUNT] = {
		[ADVICE_OK] = "ok",
		[ADVICE_NOTE] = "note",
		[ADVICE_WARNING] = "warning",
		[ADVICE_ERROR] = "error",
	};

	return level < ADVICE_LEVEL_COUNT ? names[level] : NULL;
}

void advices_clear(struct advices *advices)
{
	for (size_t i = 0; i < advices->count; i++) {
		free(advices->items[i].subject);
		free(advices->items[i].what);
		free(advices->items[i].why);
		free(advices->items[i].fix);
	}
	free(advices->items);
	*advices = (struct advices){0};
}
