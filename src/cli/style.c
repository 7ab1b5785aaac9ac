/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "style.h"

#include "core/number.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MAX 1000

static unsigned width_of_environment(void)
{
	const char *text = getenv("COLUMNS");
	uint64_t width;

	if (!text || number_parse(text, strlen(text), 10, WIDTH_MAX, &width) < 0)
		return 0;
	return (unsigned)width;
}

static unsigned find_width(void)
{
	unsigned width = width_of_environment();
	struct winsize size;

	if (width > 0 || !isatty(STDOUT_FILENO))
		return width;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* https://no-color.org: set to anything but nothing. */
static bool colours_are_welcome(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && terminal &&
	       terminal[0] && strcmp(terminal, "dumb") != 0;
}

struct table_style style_find(bool json, bool no_colour_wanted)
{
	return (struct table_style){
		.json = json,
		.colours = !json && !no_colour_wanted && colours_are_welcome(),
		.width = find_width(),
	};
}
