/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio-early check: what the next boot would do, and what keeps it from doing it. */
#pragma once

int check_main(int argc, char **argv);
