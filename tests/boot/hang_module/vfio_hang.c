/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PCI driver for tests whose probe never returns, as that of a driver that waits for
 * firmware which never answers. It names no device: only a driver_override brings one to
 * it. The probe runs with the lock of the device held, and no signal ends it.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>

static int vfio_hang_probe(struct pci_dev *device, const struct pci_device_id *id)
{
	pci_info(device, "vfio-test: this probe never returns\n");
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	return 0;
}

static const struct pci_device_id no_devices[] = {{0}};

static struct pci_driver vfio_hang = {
	.name = "vfio-hang",
	.id_table = no_devices,
	.probe = vfio_hang_probe,
};
module_pci_driver(vfio_hang);

MODULE_DESCRIPTION("A PCI driver whose probe never returns");
MODULE_LICENSE("GPL");
