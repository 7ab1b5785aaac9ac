/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In the place of vfio-early-boot: CRASH, SLEEP or FAIL says how it goes wrong at boot.
 * Where the image is made it is called with an argument, and nothing is wrong.
 */
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
#if defined(CRASH)
	raise(SIGSEGV);
#elif defined(SLEEP)
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
#elif defined(FAIL)
	/* Leaves processes behind as well. */
	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			_exit(i);
	return 3;
#else
#error "say how it goes wrong"
#endif
}
