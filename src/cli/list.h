/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio-early list: what this machine has, what uses it, and what the config would do. */
#pragma once

int list_main(int argc, char **argv);
