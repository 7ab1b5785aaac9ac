/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

int bind_main(int argc, char **argv);
int release_main(int argc, char **argv);
