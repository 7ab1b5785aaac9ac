/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unbind_rules.h"

#include <stdio.h>
#include <string.h>

/*
 * PCI drivers, by the names they have in /sys/bus/pci/drivers, whose remove function
 * returns when nothing uses the device. Their sources: drivers/usb/host, sound/pci/hda,
 * drivers/net/ethernet, drivers/net/wireless, drivers/ata, drivers/nvme, drivers/tty,
 * drivers/virtio.
 */
static const char *const lets_go[] = {
	/* USB host controllers */
	"xhci_hcd",
	"xhci-pci-renesas",
	"ehci-pci",
	"ohci-pci",
	"uhci_hcd",
	/* audio */
	"snd_hda_intel",
	/* Ethernet */
	"8139cp",
	"8139too",
	"alx",
	"atl1c",
	"atlantic",
	"be2net",
	"bnx2",
	"bnx2x",
	"bnxt_en",
	"cxgb4",
	"e1000",
	"e1000e",
	"ena",
	"fm10k",
	"i40e",
	"iavf",
	"ice",
	"igb",
	"igbvf",
	"igc",
	"ixgbe",
	"ixgbevf",
	"mlx4_core",
	"mlx5_core",
	"pcnet32",
	"r8169",
	"sfc",
	"sky2",
	"tg3",
	"vmxnet3",
	/* Wi-Fi */
	"ath10k_pci",
	"ath11k_pci",
	"ath9k",
	"iwlwifi",
	"mt7921e",
	"rtw_8821ce",
	"rtw_8822be",
	"rtw_8822ce",
	/* SATA and NVMe */
	"ahci",
	"nvme",
	/* serial ports and others */
	"serial",
	"virtio-pci",
	"pci-stub",
	"vfio-pci",
};

static bool driver_lets_go(const char *driver)
{
	for (size_t i = 0; i < sizeof(lets_go) / sizeof(lets_go[0]); i++)
		if (strcmp(lets_go[i], driver) == 0)
			return true;
	return false;
}

static bool is_display(const struct pci_function *function)
{
	return PCI_CLASS_BASE(function->class_code) == PCI_BASE_DISPLAY;
}

bool unbind_depends_on_use(enum unbind_policy policy, const struct pci_function *function)
{
	return policy == UNBIND_SAFE && function->driver[0] && !is_display(function) &&
	       driver_lets_go(function->driver);
}

static bool safe(const struct pci_function *function, char *why, size_t size)
{
	if (is_display(function)) {
		snprintf(why, size,
			"unbind=safe never takes a display from its driver, which could "
			"hang; taken only with unbind=always");
		return false;
	}
	if (!driver_lets_go(function->driver)) {
		snprintf(why, size,
			"this driver is not known to let go cleanly; taken only with "
			"unbind=always");
		return false;
	}
	switch (function->use) {
	case USE_IDLE:
		return true;
	case USE_BUSY:
		snprintf(why, size, "%s; taken only with unbind=always",
			function->use_text);
		return false;
	case USE_UNKNOWN:
	case USE_NOT_ASKED:
		snprintf(why, size, "%s; taken only with unbind=always",
			function->use_text[0] ? function->use_text
					      : "it is not known what uses it");
		return false;
	}
	return false;
}

bool unbind_permitted(enum unbind_policy policy, const struct pci_function *function,
	char *why, size_t size)
{
	switch (policy) {
	case UNBIND_NEVER:
		snprintf(why, size, "the rule says unbind=never");
		return false;
	case UNBIND_SAFE:
		return safe(function, why, size);
	case UNBIND_ALWAYS:
		return true;
	}
	return false;
}
