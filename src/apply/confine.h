/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the process that does the work can never do: run another program, whatever a
 * library or an `install` line of modprobe.d asks for. execve() and execveat() end with
 * EPERM, for its children too.
 *
 * No capabilities are dropped: with CAP_SYS_MODULE, which loading a module takes, the
 * others could be had anyway.
 */
#pragma once

/* Without support in the kernel (CONFIG_SECCOMP_FILTER) nothing happens. */
void confine(void);
