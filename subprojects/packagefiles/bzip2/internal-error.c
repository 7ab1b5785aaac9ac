/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Called where the library finds itself in a state that cannot be; BZ_NO_STDIO leaves it
 * to the program. */
#include <stdlib.h>

void bz_internal_error(int code);

void bz_internal_error(int code)
{
	(void)code;
	abort();
}
