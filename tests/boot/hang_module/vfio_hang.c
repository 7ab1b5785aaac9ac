/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PCI driver for tests, one call of which never returns, as that of a driver that waits
 * for firmware which never answers: its probe, its remove, or the module's own init; or
 * it returns after some time. It names no device: only a driver_override brings one to
 * it. Probe and remove run with the lock of the device held, and no signal ends any of
 * them.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>

static char *where = "probe";
module_param(where, charp, 0444);
MODULE_PARM_DESC(where, "what never returns: probe, remove or init");

static char *device = "";
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "the only one whose probe or remove hangs (default: every one)");

static unsigned int seconds;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "after which it returns (default 0: never)");

static void say(struct pci_dev *pci, const char *what, const char *place)
{
	if (pci)
		pci_info(pci, "vfio-test: this %s %s\n", place, what);
	else
		pr_info("vfio-test: this %s %s\n", place, what);
}

static void hang_in(const char *place, struct pci_dev *pci)
{
	if (strcmp(where, place) != 0)
		return;
	if (pci && *device && strcmp(pci_name(pci), device) != 0)
		return;
	if (seconds) {
		say(pci, "takes its time", place);
		msleep(seconds * 1000);
		return;
	}
	say(pci, "never returns", place);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static int vfio_hang_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	hang_in("probe", pci);
	return 0;
}

static void vfio_hang_remove(struct pci_dev *pci)
{
	hang_in("remove", pci);
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
	hang_in("init", NULL);
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
