/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "names.h"

#include "core/quote.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 96

struct names {
	struct pci_access *access; /* NULL: no names */
	char path[PATH_BYTES];
};

/*
 * What libpci cannot understand or allocate it hands to a function that must not return.
 * There is one thread and one call at a time.
 */
static jmp_buf gave_up;

__attribute__((noreturn)) static void give_up(char *format, ...)
{
	(void)format;
	longjmp(gave_up, 1);
}

static void say_nothing(char *format, ...)
{
	(void)format;
}

/* Whether the file of names is there; compressed ones are read as well. */
static bool find_file(int root, char path[PATH_BYTES])
{
	static const char *const places[] = {
		"usr/share/misc/pci.ids",
		"usr/share/hwdata/pci.ids",
		"var/lib/pciutils/pci.ids",
		"usr/share/pci.ids",
		"usr/share/misc/pci.ids.gz",
		"usr/share/hwdata/pci.ids.gz",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_BYTES, "/proc/self/fd/%d/%s", root, places[i]);
		if (root >= 0 && access(path, R_OK) == 0)
			return true;
		snprintf(path, PATH_BYTES, "/%s", places[i]);
		if (root < 0 && access(path, R_OK) == 0)
			return true;
	}
	return false;
}

struct names *names_open(int root)
{
	struct names *names = calloc(1, sizeof(*names));
	struct pci_access *access;

	if (!names)
		return NULL;
	if (!find_file(root, names->path) && !find_file(-1, names->path))
		return names;
	access = pci_alloc();
	/* pci_init() would look for hardware. */
	access->error = give_up;
	access->warning = say_nothing;
	access->debug = say_nothing;
	pci_set_name_list_path(access, names->path, 0);
	if (setjmp(gave_up) == 0) {
		(void)pci_load_name_list(access);
		names->access = access;
	}
	return names;
}

void names_close(struct names *names)
{
	if (!names)
		return;
	if (names->access) {
		pci_free_name_list(names->access);
		pci_cleanup(names->access);
	}
	free(names);
}

/* IDS as the kind that FLAGS ask for wants them. */
static void look_up(struct names *names, int flags, const int ids[2], char *out)
{
	char found[NAME_TEXT_MAX];
	const char *text;

	out[0] = '\0';
	if (!names || !names->access || setjmp(gave_up) != 0)
		return;
	text = pci_lookup_name(names->access, found, sizeof(found),
		flags | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB, ids[0], ids[1]);
	if (text)
		escape_controls(text, out, NAME_TEXT_MAX);
}

void names_vendor(struct names *names, uint16_t vendor, char out[NAME_TEXT_MAX])
{
	look_up(names, PCI_LOOKUP_VENDOR, (const int[2]){vendor, 0}, out);
}

void names_model(struct names *names, const struct pci_id *id, char out[NAME_TEXT_MAX])
{
	look_up(names, PCI_LOOKUP_DEVICE, (const int[2]){id->vendor, id->device}, out);
}

void names_device(struct names *names, const struct pci_id *id, char out[NAME_TEXT_MAX])
{
	char vendor[NAME_TEXT_MAX], model[NAME_TEXT_MAX];

	names_vendor(names, id->vendor, vendor);
	names_model(names, id, model);
	snprintf(out, NAME_TEXT_MAX, "%s%s%s", vendor, vendor[0] && model[0] ? " " : "",
		model);
}

void names_class(struct names *names, uint32_t class_code, char out[NAME_TEXT_MAX])
{
	look_up(names, PCI_LOOKUP_CLASS,
		(const int[2]){(int)PCI_CLASS_SUB(class_code), 0}, out);
}

void names_class_base(struct names *names, uint8_t base, char out[NAME_TEXT_MAX])
{
	/* Not to be found itself, this subclass gives "NAME [BBff]". */
	look_up(names, PCI_LOOKUP_CLASS, (const int[2]){base << 8 | 0xff, 0}, out);
	out[strcspn(out, "[")] = '\0';
	if (out[0] && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
}

/* "Advanced Micro Devices, Inc. [AMD/ATI]" is called AMD/ATI, "Intel Corporation" Intel.
 */
static void shorten(char *vendor)
{
	static const char *const forms[] = {", Inc", " Inc.", " Corporation", " Corp",
		" Co ", " Co.", " Co,", " Ltd", ", Ltd", " LLC", " GmbH", " Limited",
		" Technolog", " Electronics", " Semiconductor"};
	char *open = strchr(vendor, '['), *close = open ? strchr(open, ']') : NULL;

	if (close) {
		*close = '\0';
		memmove(vendor, open + 1, strlen(open + 1) + 1);
		return;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *at = strstr(vendor, forms[i]);

		if (at && at > vendor)
			*at = '\0';
	}
}

void names_short(struct names *names, const struct pci_id *id, uint32_t class_code,
	char out[NAME_TEXT_MAX])
{
	char vendor[NAME_TEXT_MAX], what[NAME_TEXT_MAX];

	names_vendor(names, id->vendor, vendor);
	shorten(vendor);
	names_model(names, id, what);
	if (!what[0])
		names_class(names, class_code, what);
	if (!what[0])
		snprintf(what, sizeof(what), "%s", pci_class_word(class_code));
	snprintf(out, NAME_TEXT_MAX, "%s%s%s", vendor, vendor[0] && what[0] ? " " : "",
		what);
}
