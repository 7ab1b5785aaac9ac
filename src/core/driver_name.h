/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of drivers that hold a device for a virtual machine.
 *
 * Most PCI drivers are called what their module is called by the kernel, with _ only
 * (KBUILD_MODNAME; so are the VFIO variant drivers). These two are not:
 * drivers/vfio/pci/vfio_pci.c, drivers/pci/pci-stub.c.
 */
#pragma once

#include "config.h"

/* How sysfs calls the module of that name, by which a driver may be called. */
void driver_name_module(const char *name, char out[DRIVER_NAME_MAX]);

/* The driver that NAME is another spelling of, by - and _; else NULL. */
const char *driver_name_meant(const char *name);
