/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the command that rebuilds the boot images; argv[0] is the verb. */
#pragma once

int rebuild_main(int argc, char **argv);
