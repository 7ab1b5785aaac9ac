/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pci_class.h"

#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 6U

/* The narrow ones first: they are the better word for a message. */
static const struct {
	uint32_t code;
	unsigned shift; /* how much of the class code the row looks at */
	const char *word;
} words[] = {
	{0x0106, 8, "sata"},
	{0x0108, 8, "nvme"},
	{0x01, 16, "storage"},
	{0x0200, 8, "ethernet"},
	{0x02, 16, "network"},
	{0x03, 16, "display"},
	{0x0401, 8, "audio"},
	{0x0403, 8, "audio"},
	{0x04, 16, "multimedia"},
	{0x05, 16, "memory"},
	{0x06, 16, "bridge"},
	{0x07, 16, "communication"},
	{0x08, 16, "system"},
	{0x09, 16, "input"},
	{0x0c03, 8, "usb"},
	{0x0c05, 8, "smbus"},
	{0x0c, 16, "serial-bus"},
	{0x0d, 16, "wireless"},
	{0x10, 16, "encryption"},
	{0x11, 16, "signal-processing"},
	{0x12, 16, "accelerator"},
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static bool row_matches(size_t row, uint32_t class_code)
{
	return class_code >> words[row].shift == words[row].code;
}

const char *pci_class_word(uint32_t class_code)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (row_matches(i, class_code))
			return words[i].word;
	return "device";
}

int pci_class_pattern_parse(
	const char *text, size_t length, struct pci_class_pattern *ret)
{
	uint64_t code;
	int r;

	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (strlen(words[i].word) != length ||
			memcmp(words[i].word, text, length) != 0)
			continue;
		*ret = (struct pci_class_pattern){.word = words[i].word};
		return 0;
	}
	r = number_parse(text, length, 16, UINT64_MAX, &code);
	if (r < 0)
		return r;
	if (length > DIGITS_MAX)
		return -ERANGE;
	if (length % 2 != 0)
		return -EINVAL;
	*ret = (struct pci_class_pattern){
		.code = (uint32_t)code, .digits = (unsigned)length};
	return 0;
}

void pci_class_pattern_format(
	const struct pci_class_pattern *pattern, char out[PCI_CLASS_TEXT_MAX])
{
	if (pattern->word)
		snprintf(out, PCI_CLASS_TEXT_MAX, "%s", pattern->word);
	else
		snprintf(out, PCI_CLASS_TEXT_MAX, "%0*" PRIx32, (int)pattern->digits,
			pattern->code);
}

bool pci_class_pattern_matches(
	const struct pci_class_pattern *pattern, uint32_t class_code)
{
	if (!pattern->word)
		return class_code >> 4 * (DIGITS_MAX - pattern->digits) == pattern->code;
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (strcmp(words[i].word, pattern->word) == 0 &&
			row_matches(i, class_code))
			return true;
	return false;
}
