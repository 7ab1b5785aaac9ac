/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_check.h"

#include "core/hardware_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t serial;

	if (pci_serial_from_config(data, size, &serial))
		CHECK(size >= 0x10c);
	return 0;
}
