/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

int add_main(int argc, char **argv);
