/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of functions: what parses is printed, and what is printed parses to the same.
 */
#include "fuzz_check.h"

#include "core/pci_address.h"

static void check_address(const char *text, size_t size)
{
	struct pci_address address = {0}, again = {0};
	char printed[PCI_ADDRESS_TEXT_MAX], second[PCI_ADDRESS_TEXT_MAX];

	if (pci_address_parse(text, size, &address) < 0)
		return;
	pci_address_format(&address, printed);
	CHECK(pci_address_parse(printed, strlen(printed), &again) == 0);
	CHECK(pci_address_compare(&address, &again) == 0);
	pci_address_format(&again, second);
	CHECK(strcmp(printed, second) == 0);
}

static void check_pattern(const char *text, size_t size)
{
	struct pci_address_pattern pattern = {0}, again = {0};
	char printed[PCI_ADDRESS_TEXT_MAX];

	if (pci_address_pattern_parse(text, size, &pattern) < 0)
		return;
	pci_address_pattern_format(&pattern, printed);
	CHECK(pci_address_pattern_parse(printed, strlen(printed), &again) == 0);
	CHECK(pattern.any_function == again.any_function);
	CHECK(pci_address_pattern_matches(&pattern, &again.address));
}

static void check_printed_path(const struct pci_path *path)
{
	struct pci_path again = {0};
	char printed[PCI_PATH_TEXT_MAX];

	pci_path_format(path, printed);
	CHECK(strlen(printed) < sizeof(printed));
	CHECK(pci_path_parse(printed, strlen(printed), &again) == 0);
	CHECK(pci_path_equal(path, &again));
}

static void check_id(const char *text, size_t size)
{
	struct pci_id_pattern pattern = {0}, again = {0};
	char printed[PCI_ID_TEXT_MAX], second[PCI_ID_TEXT_MAX];

	if (pci_id_pattern_parse(text, size, &pattern) < 0)
		return;
	pci_id_pattern_format(&pattern, printed);
	CHECK(pci_id_pattern_parse(printed, strlen(printed), &again) == 0);
	pci_id_pattern_format(&again, second);
	CHECK(strcmp(printed, second) == 0);
}

/* As readlink() gives it. */
static void check_link(const char *text, size_t size)
{
	struct pci_path path = {0};
	struct pci_address address = {0};
	char *link = malloc(size + 1);

	CHECK(link);
	memcpy(link, text,
		size); /* not strndup(): with strict_string_checks it wants a NUL */
	link[size] = '\0';
	if (pci_path_from_sysfs(link, &path) == 0)
		check_printed_path(&path);
	(void)pci_address_from_sysfs(link, &address);
	free(link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct pci_path path = {0};

	check_address(text, size);
	check_pattern(text, size);
	check_id(text, size);
	check_link(text, size);
	if (pci_path_parse(text, size, &path) == 0)
		check_printed_path(&path);
	return 0;
}
