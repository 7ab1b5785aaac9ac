/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command that makes the boot images anew, in a sentence. */
#pragma once

#define REBUILD_TEXT_MAX 512

/* As "sudo update-initramfs -u -k all"; what to look up where no generator is known. */
void rebuild_words(int root, char out[REBUILD_TEXT_MAX]);
