/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framebuffer.h"

#include "number.h"

#include <string.h>

#define CLAIM_OF_DEVICE "BOOTFB" /* simplefb_resname in sysfb_simplefb.c */
#define BARS            6
#define INDENT          2 /* spaces for each level: r_show() in kernel/resource.c */

/* include/uapi/linux/screen_info.h */
#define SCREEN_TYPE            0x0f
#define SCREEN_BASE            0x18
#define SCREEN_CAPABILITIES    0x36
#define SCREEN_BASE_HIGH       0x3a
#define SCREEN_TYPE_VLFB       0x23
#define SCREEN_TYPE_EFI        0x70
#define SCREEN_CAPABILITY_HIGH 2
#define SCREEN_BYTES           0x40

/* Those of the claims in drivers/video/fbdev and drivers/gpu/drm/{tiny,sysfb}. */
static const char *const claims[] = {
	CLAIM_OF_DEVICE, "efifb", "vesafb", "simplefb", "simpledrm", "efidrm", "vesadrm"};

enum framebuffer_fate framebuffer_fate(
	enum framebuffer_policy policy, const struct boot_framebuffer *now)
{
	if (!now->device[0] && !now->claim[0])
		return FRAMEBUFFER_GONE;
	if (policy == FRAMEBUFFER_LEAVE)
		return FRAMEBUFFER_LEFT;
	if (!now->device[0] || strcmp(now->claim, CLAIM_OF_DEVICE) == 0)
		return FRAMEBUFFER_FIXED;
	return FRAMEBUFFER_TO_RELEASE;
}

static const char *claim_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		if (strlen(claims[i]) == length && memcmp(claims[i], name, length) == 0)
			return claims[i];
	return NULL;
}

/* One line of /proc/iomem: its depth in spaces, and its name behind " : ". */
static bool split_line(const char *line, size_t length, size_t *ret_depth,
	const char **ret_name, size_t *ret_length)
{
	size_t depth = 0, at;

	while (depth < length && line[depth] == ' ')
		depth++;
	for (at = depth; at + 3 <= length; at++)
		if (memcmp(line + at, " : ", 3) == 0)
			break;
	if (at + 3 > length)
		return false;
	*ret_depth = depth;
	*ret_name = line + at + 3;
	*ret_length = length - at - 3;
	return true;
}

bool iomem_find_framebuffer(const char *text, char ret_claim[FRAMEBUFFER_NAME_MAX],
	struct pci_address *ret_holder)
{
	struct pci_address bar = {0};
	bool inside = false;
	size_t bar_depth = 0;

	while (*text) {
		size_t length = strcspn(text, "\n"), depth, name_length;
		const char *name, *claim;

		if (split_line(text, length, &depth, &name, &name_length)) {
			inside = inside && depth >= bar_depth + INDENT;
			claim = claim_named(name, name_length);
			if (claim && inside) {
				memcpy(ret_claim, claim, name_length + 1);
				*ret_holder = bar;
				return true;
			}
			if (pci_address_parse(name, name_length, &bar) == 0) {
				inside = true;
				bar_depth = depth;
			}
		}
		text += length + (text[length] == '\n');
	}
	return false;
}

static uint64_t little_endian(const char *bytes, size_t at)
{
	uint64_t value = 0;

	for (size_t i = 4; i-- > 0;)
		value = value << 8 | (unsigned char)bytes[at + i];
	return value;
}

bool boot_params_find_framebuffer(const char *bytes, size_t length, uint64_t *ret_address)
{
	uint64_t address;
	unsigned char type;

	if (length < SCREEN_BYTES)
		return false;
	type = (unsigned char)bytes[SCREEN_TYPE];
	if (type != SCREEN_TYPE_VLFB && type != SCREEN_TYPE_EFI)
		return false;
	address = little_endian(bytes, SCREEN_BASE);
	if (little_endian(bytes, SCREEN_CAPABILITIES) & SCREEN_CAPABILITY_HIGH)
		address |= little_endian(bytes, SCREEN_BASE_HIGH) << 32;
	if (address == 0)
		return false;
	*ret_address = address;
	return true;
}

/* A hexadecimal number with 0x in front, and the space behind it. */
static const char *next_number(const char *text, uint64_t *ret)
{
	size_t length = strcspn(text, " \n");

	if (length < 3 || memcmp(text, "0x", 2) != 0 ||
		number_parse(text + 2, length - 2, 16, UINT64_MAX, ret) < 0)
		return NULL;
	return text + length + (text[length] == ' ');
}

bool resource_holds(const char *text, uint64_t address)
{
	for (unsigned bar = 0; bar < BARS && *text; bar++) {
		size_t length = strcspn(text, "\n");
		uint64_t start, end;
		const char *at = next_number(text, &start);

		at = at ? next_number(at, &end) : NULL;
		if (at && start != 0 && start <= address && address <= end)
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}
