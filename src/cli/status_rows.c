/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX (FINDING_TEXT_MAX + 128)

enum {
	CELL_ADDRESS,
	CELL_DEVICE,
	CELL_ID,
	CELL_CONFIGURED,
	CELL_WANTED,
	CELL_IMAGE,
	CELL_LAST_BOOT,
	CELL_DRIVER,
	CELL_DIFFERS,
	CELL_NAME,
	CELL_DIFFERENCE,
	CELL_NAME_AND_DIFFERENCE,
	CELL_COUNT,
};

const struct table_column status_columns[] = {
	[CELL_ADDRESS] = {"address", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_DEVICE] = {NULL, "DEVICE", TABLE_TEXT, false, 0, 0},
	[CELL_ID] = {"id", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_CONFIGURED] = {"configured", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_WANTED] = {"wanted_driver", "CONFIGURED", TABLE_TEXT, false, 0, 13},
	[CELL_IMAGE] = {"in_image", "IMAGE", TABLE_TEXT, false, 0, 0},
	[CELL_LAST_BOOT] = {"last_boot", "LAST BOOT", TABLE_TEXT, false, 0, 0},
	[CELL_DRIVER] = {"driver", "NOW", TABLE_TEXT, false, 0, 13},
	[CELL_DIFFERS] = {"differs", NULL, TABLE_BOOLEAN, false, 0, 0},
	[CELL_NAME] = {"name", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_DIFFERENCE] = {"difference", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_NAME_AND_DIFFERENCE] = {NULL, "NAME", TABLE_TEXT, false, 0, 0},
};

const size_t status_column_count = CELL_COUNT;

/* What is known about one function. */
struct join {
	const struct pci_function *function;
	const struct finding *configured; /* NULL: no rule is about it */
	const struct finding *last_boot;  /* NULL: it said nothing */
	bool has_report;
	enum image_state image;
	const char *image_words;
};

static const struct finding *find_last(
	const struct report *report, const struct pci_address *address)
{
	for (size_t i = 0; report && i < report->findings.count; i++) {
		const struct finding *finding = &report->findings.items[i];

		if (finding->has_function && finding->verdict != VERDICT_NOTE &&
			pci_address_compare(&finding->address, address) == 0)
			return finding;
	}
	return NULL;
}

static bool takes(const struct finding *finding)
{
	return finding && (finding->verdict == VERDICT_WOULD_BIND ||
				  finding->verdict == VERDICT_ALREADY ||
				  finding->verdict == VERDICT_BOUND);
}

/* What stops a device, and what happened to it, in the words of the finding. */
static bool is_trouble(const struct finding *finding)
{
	return finding && (finding->verdict == VERDICT_REFUSED ||
				  finding->verdict == VERDICT_FAILED);
}

static bool has_vfio_driver(const struct pci_function *function)
{
	return strstr(function->driver, "vfio") ||
	       strcmp(function->driver, "pci-stub") == 0;
}

/* In words, "" where everything is as it should be. */
static void difference(const struct join *join, char *out, size_t size)
{
	const char *driver =
		join->function->driver[0] ? join->function->driver : "no driver";

	out[0] = '\0';
	if (is_trouble(join->configured)) {
		snprintf(out, size, "%s", join->configured->text);
	} else if (takes(join->configured) &&
		   strcmp(join->function->driver, join->configured->driver) != 0) {
		if (is_trouble(join->last_boot))
			snprintf(
				out, size, "at the last boot: %s", join->last_boot->text);
		else if (!join->has_report)
			snprintf(out, size,
				"has %s, and no report says that vfio-early ran at boot",
				driver);
		else if (!join->last_boot)
			snprintf(out, size,
				"has %s: not asked for at the last boot; reboot, with a "
				"boot image that has this configuration",
				driver);
		else
			snprintf(out, size, "has %s: changed since the boot", driver);
	} else if (!takes(join->configured) && takes(join->last_boot) &&
		   has_vfio_driver(join->function)) {
		snprintf(out, size,
			"taken at the last boot, and no longer asked for; free at the "
			"next boot with a new boot image");
	} else if (takes(join->configured) && join->image == IMAGES_STALE) {
		snprintf(out, size, "the next boot may not take it: %s",
			join->image_words);
	}
}

static const char *short_address(const char *address)
{
	return strncmp(address, "0000:", 5) == 0 ? address + 5 : address;
}

static int add_row(struct table *table, const struct join *join, struct names *names,
	unsigned *differs)
{
	const struct pci_function *function = join->function;
	char address[PCI_ADDRESS_TEXT_MAX], id[16], name[NAME_TEXT_MAX],
		title[NAME_TEXT_MAX];
	char why[WORDS_MAX], both[NAME_TEXT_MAX + WORDS_MAX + 4];
	const char *cells[CELL_COUNT] = {
		[CELL_ADDRESS] = address,
		[CELL_ID] = id,
		[CELL_DRIVER] = function->driver,
		[CELL_NAME] = name,
		[CELL_DIFFERENCE] = why,
		[CELL_NAME_AND_DIFFERENCE] = both,
	};

	pci_address_format(&function->address, address);
	snprintf(id, sizeof(id), "%04x:%04x", function->id.vendor, function->id.device);
	names_device(names, &function->id, name);
	names_short(names, &function->id, function->class_code, title);
	difference(join, why, sizeof(why));
	snprintf(both, sizeof(both), "%s%s%s", title, why[0] ? "\n- " : "", why);
	cells[CELL_DEVICE] = short_address(address);
	cells[CELL_DIFFERS] = why[0] ? "1" : "0";
	*differs += why[0] != '\0';
	if (join->configured) {
		cells[CELL_CONFIGURED] = verdict_name(join->configured->verdict);
		cells[CELL_WANTED] = join->configured->verdict == VERDICT_KEPT
					     ? (table_is_json(table) ? NULL : "kept")
					     : join->configured->driver;
	}
	if (takes(join->configured) && join->image != IMAGES_UNKNOWN)
		cells[CELL_IMAGE] = join->image == IMAGES_CURRENT ? "yes" : "no";
	if (join->last_boot)
		cells[CELL_LAST_BOOT] = verdict_name(join->last_boot->verdict);
	return table_add(table, cells,
		why[0]                    ? COLOUR_BAD
		: takes(join->configured) ? COLOUR_GOOD
					  : COLOUR_NONE);
}

int status_rows(struct table *table, const struct survey *survey,
	const struct report *report, enum image_state image, const char *image_words,
	struct names *names, unsigned *ret_differs)
{
	unsigned differs = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < survey->machine.count; i++) {
		const struct pci_function *function = &survey->machine.functions[i];
		const struct join join = {
			.function = function,
			.configured = survey_verdict(survey, function),
			.last_boot = find_last(report, &function->address),
			.has_report = report != NULL,
			.image = image,
			.image_words = image_words,
		};

		if (join.configured || join.last_boot || has_vfio_driver(function))
			r = add_row(table, &join, names, &differs);
	}
	*ret_differs = differs;
	return r;
}
