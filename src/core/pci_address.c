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

/* What is left of a text. Every name in sysfs goes through here, so it is read once. */
struct rest {
	const char *at;
	const char *end;
};

/* Hexadecimal digits, how many of them, and what they mean; no more than UINT32_MAX. */
struct digits {
	size_t count;
	uint32_t value;
};

static bool take_char(struct rest *rest, char wanted)
{
	if (rest->at == rest->end || *rest->at != wanted)
		return false;
	rest->at++;
	return true;
}

static bool take_digits(struct rest *rest, struct digits *ret)
{
	const char *begin = rest->at;
	uint32_t value = 0;

	for (; rest->at < rest->end; rest->at++) {
		unsigned digit = number_digit(*rest->at);

		if (digit >= 16)
			break;
		value = value > UINT32_MAX >> 4 ? UINT32_MAX : value << 4 | digit;
	}
	*ret = (struct digits){.count = (size_t)(rest->at - begin), .value = value};
	return ret->count > 0;
}

static bool fits(const struct digits *digits, size_t most, uint32_t max)
{
	return digits->count <= most && digits->value <= max;
}

/* DEV.FN, where FN may be '*' if RET_ANY is given. */
struct device_function {
	struct digits device;
	struct digits function;
};

static bool take_device_function(
	struct rest *rest, struct device_function *ret, bool *ret_any)
{
	*ret = (struct device_function){0};
	if (!take_digits(rest, &ret->device) || !take_char(rest, '.'))
		return false;
	if (!ret_any)
		return take_digits(rest, &ret->function);
	*ret_any = take_char(rest, '*');
	return *ret_any || take_digits(rest, &ret->function);
}

static bool device_function_fits(const struct device_function *digits)
{
	return fits(&digits->device, 2, DEVICE_MAX) &&
	       fits(&digits->function, 1, FUNCTION_MAX);
}

/* [DOMAIN:]BUS: in front of a device. */
struct domain_bus {
	struct digits domain;
	struct digits bus;
};

static bool take_domain_bus(struct rest *rest, struct domain_bus *ret)
{
	struct digits first, second;
	struct rest behind;

	if (!take_digits(rest, &first) || !take_char(rest, ':'))
		return false;
	behind = *rest;
	if (take_digits(&behind, &second) && take_char(&behind, ':')) {
		*ret = (struct domain_bus){.domain = first, .bus = second};
		*rest = behind;
	} else {
		*ret = (struct domain_bus){.bus = first};
	}
	return true;
}

static bool domain_bus_fits(const struct domain_bus *digits)
{
	return fits(&digits->domain, 8, DOMAIN_MAX) && fits(&digits->bus, 2, BUS_MAX);
}

int pci_address_pattern_parse(
	const char *text, size_t length, struct pci_address_pattern *ret)
{
	struct rest rest = {text, text + length};
	struct domain_bus domain_bus;
	struct device_function place;
	bool any;

	/* First what is no address at all, then what is too large a number in one. */
	if (!take_domain_bus(&rest, &domain_bus) ||
		!take_device_function(&rest, &place, &any) || rest.at != rest.end)
		return -EINVAL;
	if (!domain_bus_fits(&domain_bus) || !device_function_fits(&place))
		return -ERANGE;
	*ret = (struct pci_address_pattern){
		.address = {.domain = domain_bus.domain.value,
			.bus = (uint8_t)domain_bus.bus.value,
			.device = (uint8_t)place.device.value,
			.function = (uint8_t)place.function.value},
		.any_function = any,
	};
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
	struct rest rest = {text, text + length};
	struct domain_bus domain_bus;
	struct device_function place;
	struct pci_path path = {0};
	bool fits_all;

	if (!take_domain_bus(&rest, &domain_bus))
		return -EINVAL;
	fits_all = domain_bus_fits(&domain_bus);
	do {
		if (!take_device_function(&rest, &place, NULL))
			return -EINVAL;
		fits_all = fits_all && device_function_fits(&place) &&
			   path_add_hop(&path, (uint8_t)place.device.value,
				   (uint8_t)place.function.value) == 0;
	} while (take_char(&rest, '/'));
	if (rest.at != rest.end)
		return -EINVAL;
	if (!fits_all)
		return -ERANGE;
	path.domain = domain_bus.domain.value;
	path.bus = (uint8_t)domain_bus.bus.value;
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

bool pci_path_may_end_at(const struct pci_path *path, const struct pci_address *address)
{
	return path->hops > 0 && path->domain == address->domain &&
	       path->devfn[path->hops - 1] ==
		       (address->device << 3 | address->function) &&
	       (path->hops > 1 || path->bus == address->bus);
}

bool pci_id_pattern_matches(const struct pci_id_pattern *pattern, const struct pci_id *id)
{
	return (pattern->any_vendor || pattern->id.vendor == id->vendor) &&
	       (pattern->any_device || pattern->id.device == id->device) &&
	       (pattern->any_subvendor || pattern->id.subvendor == id->subvendor) &&
	       (pattern->any_subdevice || pattern->id.subdevice == id->subdevice);
}
