/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void note(int number)
{
	came = number;
}

void interrupt_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	/* A pipe nobody reads is an error of write(2) and told as such. */
	struct sigaction action = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &action, NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], NULL, &action);
		if (action.sa_handler == SIG_IGN)
			continue; /* as under nohup(1) */
		/* Without SA_RESTART: what blocks is to end. */
		action = (struct sigaction){.sa_handler = note};
		sigaction(numbers[i], &action, NULL);
	}
}

bool interrupted(void)
{
	return came != 0;
}

void interrupt_die(void)
{
	if (!came)
		return;
	(void)signal(came, SIG_DFL);
	raise(came);
}
