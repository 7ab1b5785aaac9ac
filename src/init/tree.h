/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The archive's one folder, made the root directory of a process of ours.
 *
 * The process gets a mount namespace of its own, and with it private mounts of sysfs,
 * proc and devtmpfs below TREE. Nobody else sees them and they end with the process,
 * however it ends; a real init that finds /sys or /dev mounted already may refuse to go
 * on.
 */
#pragma once

#define TREE "/vfio-early"

/*
 * Returns 0, or -1 after saying in the kernel log what failed. Without proc or devtmpfs
 * it goes on with a warning. /run stays a plain folder of the initramfs, where the report
 * can be read until the switch to the real root.
 */
int tree_enter(void);
