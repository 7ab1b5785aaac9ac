/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_host.h"

#include "scan/scan.h"

#include <stdio.h>
#include <string.h>

struct fake fake;
const struct block_observer *host_observer;
char host_text[512];

int host_begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	host_observer = NULL;
	fake_directory(&fake, "sys/class/block");
	host_function("pci0000:00/0000:00:1c.0 8086:1 060400 bridge");
	host_function("pci0000:00/0000:00:1c.1 8086:1 060400 bridge");
	host_function("pci0000:00/0000:00:1c.2 8086:1 060400 bridge");
	host_function(HBA " 8086:a282 010601");
	host_function(XHCI " 8086:a2af 0c0330");
	host_function(NVME1 " 144d:a808 010802");
	host_function(NVME2 " 144d:a808 010802");
	host_function(NIC " 8086:10d3 020000");
	return 0;
}

int host_end(void **state)
{
	(void)state;
	fake_end(&fake);
	return 0;
}

void host_function(const char *row)
{
	fake_function(&fake, row);
}

void host_block(const char *path, const char *number)
{
	fake_block(&fake, path, number);
}

void host_mapped(const char *name, const char *number, const char *mapped)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), "virtual/block/%s", name);
	host_block(path, number);
	snprintf(path, sizeof(path), "sys/devices/virtual/block/%s/dm/name", name);
	snprintf(text, sizeof(text), "%s\n", mapped);
	fake_file(&fake, path, text);
}

void host_slave(const char *name, const char *slave)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/devices/virtual/block/%s/slaves/%s", name,
		slave);
	fake_link(&fake, path, "../../../../nowhere");
}

void host_mounts(const char *mountinfo)
{
	fake_file(&fake, "proc/self/mountinfo", mountinfo);
}

void host_cmdline(const char *cmdline)
{
	fake_file(&fake, "proc/cmdline", cmdline);
}

const char *host_needs_text(const struct needs *needs)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < needs->count; i++) {
		const struct need *need = &needs->items[i];
		char address[PCI_ADDRESS_TEXT_MAX] = "-";
		const char *shown = address;

		if (need->on_pci)
			pci_address_format(&need->address, address);
		if (strncmp(address, "0000:", 5) == 0)
			shown += 5;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s@%s %s;",
			need_kind_name(need->kind), shown, need->words);
		assert_true(used < sizeof(text));
	}
	return text;
}

void host_check(enum root_place root, const char *text, const char *file, int line)
{
	struct boot_source source;
	struct needs needs = {0};
	struct machine machine = {0};
	const char *found;

	assert_int_equal(scan_machine(fake.root, NULL, &machine), 0);
	assert_int_equal(
		host_needs_read(fake.root, &machine, host_observer, &source, &needs), 0);
	found = host_needs_text(&needs);
	if (needs.root != root || strcmp(found, text) != 0)
		print_error("%s:%d: %s (%s): %s\nexpected %s: %s\n", file, line,
			root_place_name(needs.root), needs.root_words, found,
			root_place_name(root), text);
	assert_string_equal(found, text);
	assert_int_equal(needs.root, root);
	/* Why it is not known is always said, but where there is nothing to say. */
	if (root == ROOT_UNSEEN || root == ROOT_NETWORK)
		assert_string_not_equal(needs.root_words, "");
	needs_clear(&needs);
	machine_clear(&machine);
}
