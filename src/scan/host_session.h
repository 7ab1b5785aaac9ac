/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Through which network card somebody is logged in who runs a command now.
 *
 * sshd leaves SSH_CONNECTION in the environment of what it starts, and sudo and the like
 * take it away: so the process and all that started it are asked, as /proc/PID/environ
 * has it. What the way back to that address takes is a need of the host's.
 *
 * mosh starts its server through ssh and leaves that variable to it. Telnet, remote
 * desktops and the like are not looked for: what they come in by is guarded as the card
 * with the default route, or by its interface being up (device_use.h).
 */
#pragma once

#include "host_needs.h"

/*
 * Adds the needs of the session of PROCESS. Where no route to the other end is found,
 * every interface that has a route is one. Nobody's session needs nothing.
 */
void host_session_read(
	int root, unsigned process, const struct machine *machine, struct needs *needs);
