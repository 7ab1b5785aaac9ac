/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `vfio-early image`: writes the archive whose init is started with rdinit=. */
#pragma once

int image_main(int argc, char **argv);
