/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process that reads disks can never do afterwards: run another program. execve()
 * and execveat() end with EPERM, for its children too. The static program has no code
 * that would call them (tests/checks/binary); but what is on a disk may be there to make
 * it do what it has no code for.
 *
 * No capabilities are dropped: with CAP_SYS_MODULE, which loading a module takes, the
 * others could be had anyway.
 */
#pragma once

/* Without support in the kernel (CONFIG_SECCOMP_FILTER) nothing happens. */
void confine(void);
