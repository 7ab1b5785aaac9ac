/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory map, the BARs of a function and the boot parameters, each as the input. */
#include "core/framebuffer.h"
#include "fuzz_check.h"

static void check_iomem(const char *text)
{
	char claim[FRAMEBUFFER_NAME_MAX], bar[PCI_ADDRESS_TEXT_MAX];
	struct pci_address holder, again;

	if (!iomem_find_framebuffer(text, claim, &holder))
		return;
	CHECK(claim[0] && memchr(claim, '\0', sizeof(claim)));
	CHECK(strstr(text, claim));
	pci_address_format(&holder, bar);
	CHECK(pci_address_parse(bar, strlen(bar), &again) == 0);
	CHECK(pci_address_compare(&holder, &again) == 0);
}

/* A BAR that begins at 0 is none. */
static void check_resource(const char *text)
{
	CHECK(!resource_holds(text, 0));
	(void)resource_holds(text, 0xc0000000);
	(void)resource_holds(text, UINT64_MAX);
}

static void check_boot_params(const uint8_t *data, size_t size)
{
	uint64_t address = 0;
	bool found = boot_params_find_framebuffer((const char *)data, size, &address);

	CHECK(found == (address != 0));
	CHECK(!found || data[0x0f] == 0x23 || data[0x0f] == 0x70);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_iomem(text);
	check_resource(text);
	free(text);
	/* Not the copy: one byte too many would not be noticed there. */
	check_boot_params(data, size);
	return 0;
}
