/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PCI driver for tests, one call of which never returns, as that of a driver that waits
 * for firmware which never answers: its probe, its remove, or the module's own init. It
 * names no device: only a driver_override brings one to it. Probe and remove run with the
 * lock of the device held, and no signal ends any of them.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>

static char *where = "probe";
module_param(where, charp, 0444);
MODULE_PARM_DESC(where, "what never returns: probe, remove or init");

static void hang_in(const char *place)
{
	if (strcmp(where, place) != 0)
		return;
	pr_info("vfio-test: this %s never returns\n", place);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static int vfio_hang_probe(struct pci_dev *device, const struct pci_device_id *id)
{
	if (strcmp(where, "probe") == 0)
		pci_info(device, "vfio-test: this probe never returns\n");
	hang_in("probe");
	return 0;
}

static void vfio_hang_remove(struct pci_dev *device)
{
	hang_in("remove");
}

static const struct pci_device_id no_devices[] = {{0}};

static struct pci_driver vfio_hang = {
	.name = "vfio-hang",
	.id_table = no_devices,
	.probe = vfio_hang_probe,
	.remove = vfio_hang_remove,
};

static int __init vfio_hang_init(void)
{
	hang_in("init");
	return pci_register_driver(&vfio_hang);
}

static void __exit vfio_hang_exit(void)
{
	pci_unregister_driver(&vfio_hang);
}

module_init(vfio_hang_init);
module_exit(vfio_hang_exit);

MODULE_DESCRIPTION("A PCI driver that never returns");
MODULE_LICENSE("GPL");
