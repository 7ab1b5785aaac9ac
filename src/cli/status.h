/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio-early status: what was configured, what the last boot did, what is bound now. */
#pragma once

int status_main(int argc, char **argv);
