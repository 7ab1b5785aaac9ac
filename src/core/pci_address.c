/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pci_address.h"

#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN_MAX   0x7fffffffU
#define BUS_MAX      0xffU
#define DEVICE_MAX   0x1fU
#define FUNCTION_MAX 0x7U

/* Parses a hexadecimal field of at most max_digits digits. */
static int field(
	const char *text, size_t length, size_t max_digits, uint32_t max, uint32_t *ret)
{
	uint64_t value;
	int r;

	/* First what is no number at all, then what is too large a one. */
	r = number_parse(text, length, 16, UINT64_MAX, &value);
	if (r < 0)
		return r;
	if (length > max_digits || value > max)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

/* DEV.FN, where FN may be '*' if any_function is given. */
static int device_function(const char *text, size_t length, uint8_t *ret_device,
	uint8_t *ret_function, bool *ret_any_function)
{
	const char *dot = memchr(text, '.', length);
	uint32_t device, function = 0;
	bool any = false;
	size_t left;
	int r;

	if (!dot)
		return -EINVAL;
	left = length - (size_t)(dot - text) - 1;
	r = field(text, (size_t)(dot - text), 2, DEVICE_MAX, &device);
	if (r < 0)
		return r;
	if (ret_any_function && left == 1 && dot[1] == '*') {
		any = true;
	} else {
		r = field(dot + 1, left, 1, FUNCTION_MAX, &function);
		if (r < 0)
			return r;
	}
	*ret_device = (uint8_t)device;
	*ret_function = (uint8_t)function;
	if (ret_any_function)
		*ret_any_function = any;
	return 0;
}

/* [DOMAIN:]BUS: in front of a device; *ret_rest is the length of what was read. */
static int domain_bus(const char *text, size_t length, uint32_t *ret_domain,
	uint8_t *ret_bus, size_t *ret_used)
{
	const char *first = memchr(text, ':', length), *second = NULL;
	uint32_t domain = 0, bus;
	int r;

	if (!first)
		return -EINVAL;
	second = memchr(first + 1, ':', length - (size_t)(first - text) - 1);
	if (second) {
		r = field(text, (size_t)(first - text), 8, DOMAIN_MAX, &domain);
		if (r < 0)
			return r;
		r = field(first + 1, (size_t)(second - first) - 1, 2, BUS_MAX, &bus);
		*ret_used = (size_t)(second - text) + 1;
	} else {
		r = field(text, (size_t)(first - text), 2, BUS_MAX, &bus);
		*ret_used = (size_t)(first - text) + 1;
	}
	if (r < 0)
		return r;
	*ret_domain = domain;
	*ret_bus = (uint8_t)bus;
	return 0;
}

int pci_address_pattern_parse(
	const char *text, size_t length, struct pci_address_pattern *ret)
{
	struct pci_address_pattern pattern = {0};
	size_t used = 0;
	int r;

	r = domain_bus(
		text, length, &pattern.address.domain, &pattern.address.bus, &used);
	if (r < 0)
		return r;
	r = device_function(text + used, length - used, &pattern.address.device,
		&pattern.address.function, &pattern.any_function);
	if (r < 0)
		return r;
	*ret = pattern;
	return 0;
}

int pci_address_parse(const char *text, size_t length, struct pci_address *ret)
{
	struct pci_address_pattern pattern;
	int r = pci_address_pattern_parse(text, length, &pattern);

	if (r < 0)
		return r;
	if (pattern.any_function)
		return -EINVAL;
	*ret = pattern.address;
	return 0;
}

static int path_add_hop(struct pci_path *path, uint8_t device, uint8_t function)
{
	if (path->hops >= PCI_PATH_HOPS_MAX)
		return -ERANGE;
	path->devfn[path->hops++] = (uint8_t)(device << 3 | function);
	return 0;
}

int pci_path_parse(const char *text, size_t length, struct pci_path *ret)
{
	struct pci_path path = {0};
	size_t used = 0;
	int r = domain_bus(text, length, &path.domain, &path.bus, &used);

	if (r < 0)
		return r;
	for (;;) {
		const char *slash = memchr(text + used, '/', length - used);
		size_t part = slash ? (size_t)(slash - text) - used : length - used;
		uint8_t device, function;

		r = device_function(text + used, part, &device, &function, NULL);
		if (r < 0)
			return r;
		r = path_add_hop(&path, device, function);
		if (r < 0)
			return r;
		if (!slash)
			break;
		used += part + 1;
	}
	*ret = path;
	return 0;
}

static bool is_root_bus(const char *part, size_t length)
{
	return length > 3 && memcmp(part, "pci", 3) == 0 && memchr(part, ':', length);
}

int pci_path_from_sysfs(const char *link, struct pci_path *ret)
{
	struct pci_path path = {0};

	for (const char *part = link; *part;) {
		size_t length = strcspn(part, "/");
		struct pci_address address;

		if (is_root_bus(part, length)) {
			path = (struct pci_path){0};
		} else if (pci_address_parse(part, length, &address) == 0) {
			int r;

			if (path.hops == 0) {
				path.domain = address.domain;
				path.bus = address.bus;
			}
			r = path_add_hop(&path, address.device, address.function);
			if (r < 0)
				return r;
		}
		part += length;
		part += *part == '/';
	}
	if (path.hops == 0)
		return -EINVAL;
	*ret = path;
	return 0;
}

int pci_address_from_sysfs(const char *link, struct pci_address *ret)
{
	const char *slash = strrchr(link, '/');
	const char *name = slash ? slash + 1 : link;

	return pci_address_parse(name, strlen(name), ret);
}

/* One part of an id: four hexadecimal digits at most, or '*'. */
static int id_part(const char *text, size_t length, uint16_t *ret, bool *ret_any)
{
	uint32_t value;
	int r;

	if (length == 1 && *text == '*') {
		*ret = 0;
		*ret_any = true;
		return 0;
	}
	r = field(text, length, 4, 0xffff, &value);
	if (r < 0)
		return r;
	*ret = (uint16_t)value;
	*ret_any = false;
	return 0;
}

int pci_id_pattern_parse(const char *text, size_t length, struct pci_id_pattern *ret)
{
	struct pci_id_pattern pattern = {.any_subvendor = true, .any_subdevice = true};
	uint16_t *values[] = {&pattern.id.vendor, &pattern.id.device,
		&pattern.id.subvendor, &pattern.id.subdevice};
	bool *any[] = {&pattern.any_vendor, &pattern.any_device, &pattern.any_subvendor,
		&pattern.any_subdevice};
	size_t parts = 0;

	for (;;) {
		const char *colon = memchr(text, ':', length);
		size_t part = colon ? (size_t)(colon - text) : length;
		int r;

		if (parts == 4)
			return -EINVAL;
		r = id_part(text, part, values[parts], any[parts]);
		if (r < 0)
			return r;
		parts++;
		if (!colon)
			break;
		text += part + 1;
		length -= part + 1;
	}
	if (parts != 2 && parts != 4)
		return -EINVAL;
	if (pattern.any_vendor && pattern.any_device)
		return -EINVAL;
	*ret = pattern;
	return 0;
}

int pci_serial_parse(const char *text, size_t length, uint64_t *ret)
{
	uint64_t serial = 0;

	if (length != PCI_SERIAL_TEXT_MAX - 1)
		return -EINVAL;
	for (size_t at = 0; at < length; at += 3) {
		uint64_t byte;

		if (number_parse(text + at, 2, 16, 0xff, &byte) < 0 ||
			(at + 2 < length && text[at + 2] != '-'))
			return -EINVAL;
		serial = serial << 8 | byte;
	}
	*ret = serial;
	return 0;
}

void pci_serial_format(uint64_t serial, char out[PCI_SERIAL_TEXT_MAX])
{
	for (unsigned i = 0; i < 8; i++)
		snprintf(out + (size_t)3 * i, 4, i < 7 ? "%02x-" : "%02x",
			(unsigned)(serial >> (56 - 8 * i)) & 0xff);
}

/* At least so many digits; returns where they end. Every path in sysfs begins with an
 * address, which makes printf too slow for this. */
static char *put_hex(char *out, uint32_t value, unsigned least)
{
	static const char digits[] = "0123456789abcdef";
	unsigned count = least;

	while (count < 8 && value >> (4 * count) != 0)
		count++;
	for (unsigned i = count; i-- > 0;)
		*out++ = digits[value >> (4 * i) & 0xf];
	return out;
}

void pci_address_format(const struct pci_address *address, char out[PCI_ADDRESS_TEXT_MAX])
{
	out = put_hex(out, address->domain, 4);
	*out++ = ':';
	out = put_hex(out, address->bus, 2);
	*out++ = ':';
	out = put_hex(out, address->device & DEVICE_MAX, 2);
	*out++ = '.';
	out = put_hex(out, address->function & FUNCTION_MAX, 1);
	*out = '\0';
}

void pci_address_pattern_format(
	const struct pci_address_pattern *pattern, char out[PCI_ADDRESS_TEXT_MAX])
{
	pci_address_format(&pattern->address, out);
	if (pattern->any_function)
		out[strlen(out) - 1] = '*';
}

void pci_path_format(const struct pci_path *path, char out[PCI_PATH_TEXT_MAX])
{
	size_t used = 0;

	if (path->domain != 0)
		used += (size_t)snprintf(
			out, PCI_PATH_TEXT_MAX, "%04" PRIx32 ":", path->domain);
	used += (size_t)snprintf(
		out + used, PCI_PATH_TEXT_MAX - used, "%02x:", path->bus);
	for (unsigned i = 0; i < path->hops; i++)
		used += (size_t)snprintf(out + used, PCI_PATH_TEXT_MAX - used,
			"%s%02x.%x", i == 0 ? "" : "/", path->devfn[i] >> 3,
			path->devfn[i] & FUNCTION_MAX);
}

static size_t format_id_part(
	char *out, size_t size, const char *before, uint16_t value, bool any)
{
	return (size_t)(any ? snprintf(out, size, "%s*", before)
			    : snprintf(out, size, "%s%04x", before, value));
}

void pci_id_pattern_format(
	const struct pci_id_pattern *pattern, char out[PCI_ID_TEXT_MAX])
{
	const struct pci_id *id = &pattern->id;
	size_t used;

	used = format_id_part(out, PCI_ID_TEXT_MAX, "", id->vendor, pattern->any_vendor);
	used += format_id_part(
		out + used, PCI_ID_TEXT_MAX - used, ":", id->device, pattern->any_device);
	if (pattern->any_subvendor && pattern->any_subdevice)
		return;
	used += format_id_part(out + used, PCI_ID_TEXT_MAX - used, ":", id->subvendor,
		pattern->any_subvendor);
	format_id_part(out + used, PCI_ID_TEXT_MAX - used, ":", id->subdevice,
		pattern->any_subdevice);
}

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int pci_address_compare(const struct pci_address *a, const struct pci_address *b)
{
	int r = compare(a->domain, b->domain);

	if (r == 0)
		r = compare(a->bus, b->bus);
	if (r == 0)
		r = compare(a->device, b->device);
	return r != 0 ? r : compare(a->function, b->function);
}

bool pci_address_same_slot(const struct pci_address *a, const struct pci_address *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->device == b->device;
}

bool pci_address_pattern_matches(
	const struct pci_address_pattern *pattern, const struct pci_address *address)
{
	if (!pci_address_same_slot(&pattern->address, address))
		return false;
	return pattern->any_function || pattern->address.function == address->function;
}

bool pci_path_equal(const struct pci_path *a, const struct pci_path *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->hops == b->hops &&
	       memcmp(a->devfn, b->devfn, a->hops) == 0;
}

bool pci_id_pattern_matches(const struct pci_id_pattern *pattern, const struct pci_id *id)
{
	return (pattern->any_vendor || pattern->id.vendor == id->vendor) &&
	       (pattern->any_device || pattern->id.device == id->device) &&
	       (pattern->any_subvendor || pattern->id.subvendor == id->subvendor) &&
	       (pattern->any_subdevice || pattern->id.subdevice == id->subdevice);
}
