/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list_rows.h"

#include "core/quote.h"
#include "scan/cleanup.h"
#include "scan/sysfs_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES    128
#define MORE_TEXT_MAX 4096

enum {
	CELL_GROUP,
	CELL_ADDRESS,
	CELL_DEVICE,
	CELL_PATH,
	CELL_ID,
	CELL_SUBSYSTEM,
	CELL_CLASS,
	CELL_CLASS_NAME,
	CELL_NAME,
	CELL_DRIVER,
	CELL_RESETS,
	CELL_RESET,
	CELL_USES,
	CELL_NEXT_BOOT,
	CELL_VERDICT,
	CELL_WANTED_DRIVER,
	CELL_RULE,
	CELL_REASON,
	CELL_NAME_AND_USE,
	CELL_COUNT,
};

const struct table_column list_columns[] = {
	[CELL_GROUP] = {"group", "GROUP", TABLE_NUMBER, true, 0, 0},
	[CELL_ADDRESS] = {"address", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_DEVICE] = {NULL, "DEVICE", TABLE_TEXT, false, 0, 0},
	[CELL_PATH] = {"path", "PATH", TABLE_TEXT, false, 110, 0},
	[CELL_ID] = {"id", "ID", TABLE_TEXT, false, 0, 0},
	[CELL_SUBSYSTEM] = {"subsystem", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_CLASS] = {"class", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_CLASS_NAME] = {"class_name", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_NAME] = {"name", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_DRIVER] = {"driver", "DRIVER", TABLE_TEXT, false, 0, 13},
	[CELL_RESETS] = {"resets", NULL, TABLE_LIST, false, 0, 0},
	[CELL_RESET] = {NULL, "RESET", TABLE_TEXT, false, 0, 0},
	[CELL_USES] = {"uses", NULL, TABLE_LIST, false, 0, 0},
	[CELL_NEXT_BOOT] = {NULL, "NEXT BOOT", TABLE_TEXT, false, 0, 0},
	[CELL_VERDICT] = {"next_boot", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_WANTED_DRIVER] = {"wanted_driver", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_RULE] = {"rule", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_REASON] = {"reason", NULL, TABLE_TEXT, false, 0, 0},
	[CELL_NAME_AND_USE] = {NULL, "NAME, USE", TABLE_TEXT, false, 0, 0},
};

const size_t list_column_count = CELL_COUNT;

struct row {
	char group[16];
	char address[PCI_ADDRESS_TEXT_MAX];
	char path[PCI_PATH_TEXT_MAX];
	char id[PCI_ID_TEXT_MAX], subsystem[PCI_ID_TEXT_MAX];
	char class_code[8];
	char class_name[NAME_TEXT_MAX];
	char name[NAME_TEXT_MAX];
	char title[NAME_TEXT_MAX];
	char resets[SYSFS_TEXT_MAX];
	char reset[24];
	char uses[MORE_TEXT_MAX];
	char name_and_use[MORE_TEXT_MAX];
};

/* lspci's short form: the domain only where it is not 0. */
static const char *short_address(const char *address)
{
	return strncmp(address, "0000:", 5) == 0 ? address + 5 : address;
}

/* One method a line, the kernel's first choice first (reset_method_show()). */
static void read_resets(int root, struct row *row)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/reset_method", row->address);
	if (sysfs_read_text(root, path, row->resets, sizeof(row->resets)) < 0)
		row->resets[0] = '\0';
	for (char *at = row->resets; *at; at++)
		if (*at == ' ')
			*at = '\n';
	snprintf(row->reset, sizeof(row->reset), "%.*s", (int)strcspn(row->resets, "\n"),
		row->resets);
	if (strcmp(row->reset, "device_specific") == 0)
		snprintf(row->reset, sizeof(row->reset), "own");
}

static void append_line(char *text, const char *sign, const char *line)
{
	size_t used = strlen(text);

	if (used + strlen(line) + 4 < MORE_TEXT_MAX)
		snprintf(text + used, MORE_TEXT_MAX - used, "%s%s%s", used ? "\n" : "",
			sign, line);
}

static void fill_identity(
	const struct pci_function *function, struct names *names, struct row *row)
{
	if (function->group != MACHINE_GROUP_NONE)
		snprintf(row->group, sizeof(row->group), "%d", function->group);
	pci_address_format(&function->address, row->address);
	pci_path_format(&function->path, row->path);
	snprintf(row->id, sizeof(row->id), "%04x:%04x", function->id.vendor,
		function->id.device);
	if (function->id.subvendor || function->id.subdevice)
		snprintf(row->subsystem, sizeof(row->subsystem), "%04x:%04x",
			function->id.subvendor, function->id.subdevice);
	snprintf(row->class_code, sizeof(row->class_code), "%06x",
		function->class_code & 0xffffff);
	names_class(names, function->class_code, row->class_name);
	names_device(names, &function->id, row->name);
	names_short(names, &function->id, function->class_code, row->title);
}

static void fill_uses(const struct attached *attached, size_t index, struct row *row)
{
	append_line(row->name_and_use, "", row->title);
	for (size_t i = attached_first(attached, index);
		i < attached->count && attached->items[i].function == index; i++) {
		append_line(row->uses, "", attached->items[i].text);
		append_line(row->name_and_use, "- ", attached->items[i].text);
	}
}

/* What the config makes of it, in the words of the column. */
static const char *next_boot(const struct finding *finding)
{
	if (!finding)
		return "";
	switch (finding->verdict) {
	case VERDICT_BOUND:
	case VERDICT_ALREADY:
	case VERDICT_WOULD_BIND:
		return finding->driver;
	case VERDICT_KEPT:
		return "kept";
	case VERDICT_REFUSED:
		return "refused";
	case VERDICT_FAILED:
		return "fails";
	case VERDICT_RELEASED:
	case VERDICT_WOULD_RELEASE:
	case VERDICT_NOTE:
	case VERDICT_UNMATCHED:
	case VERDICT_PROBLEM:
	case VERDICT_COUNT:
		return "";
	}
	return "";
}

static enum table_colour colour_of(
	const struct pci_function *function, const struct finding *finding)
{
	if (finding && (finding->verdict == VERDICT_REFUSED ||
			       finding->verdict == VERDICT_FAILED))
		return COLOUR_BAD;
	if (finding && finding->verdict != VERDICT_KEPT)
		return COLOUR_GOOD;
	return pci_function_is_infrastructure(function) ? COLOUR_DIM : COLOUR_NONE;
}

static int add_row(struct table *table, const struct pci_function *function,
	const struct finding *finding, struct row *row)
{
	const char *cells[CELL_COUNT] = {
		[CELL_GROUP] = row->group,
		[CELL_ADDRESS] = row->address,
		[CELL_DEVICE] = short_address(row->address),
		[CELL_PATH] = row->path,
		[CELL_ID] = row->id,
		[CELL_SUBSYSTEM] = row->subsystem,
		[CELL_CLASS] = row->class_code,
		[CELL_CLASS_NAME] = row->class_name,
		[CELL_NAME] = row->name,
		[CELL_DRIVER] = function->driver,
		[CELL_RESETS] = row->resets,
		[CELL_RESET] = row->reset,
		[CELL_USES] = row->uses,
		[CELL_NEXT_BOOT] = next_boot(finding),
		[CELL_NAME_AND_USE] = row->name_and_use,
	};

	if (finding) {
		cells[CELL_VERDICT] = verdict_name(finding->verdict);
		cells[CELL_WANTED_DRIVER] = finding->driver;
		cells[CELL_RULE] = finding->origin;
		cells[CELL_REASON] = finding->text;
		if (finding->verdict == VERDICT_REFUSED ||
			finding->verdict == VERDICT_FAILED)
			append_line(row->name_and_use, "- ", finding->text);
	}
	return table_add(table, cells, colour_of(function, finding));
}

bool list_passes(const struct list_filter *filter, const struct pci_function *function)
{
	if (filter->by_group && function->group != filter->group)
		return false;
	return !filter->by_class ||
	       pci_class_pattern_matches(&filter->class_pattern, function->class_code);
}

/* By group, those without one last, then by address. */
static int compare(const void *left, const void *right)
{
	const struct pci_function *a = *(const struct pci_function *const *)left;
	const struct pci_function *b = *(const struct pci_function *const *)right;
	unsigned group_a = (unsigned)a->group, group_b = (unsigned)b->group;

	if (group_a != group_b)
		return group_a < group_b ? -1 : 1;
	return pci_address_compare(&a->address, &b->address);
}

int list_rows(struct table *table, int root, const struct survey *survey,
	const struct attached *attached, struct names *names,
	const struct list_filter *filter)
{
	const struct machine *machine = &survey->machine;
	cleanup_free const struct pci_function **order =
		calloc(machine->count + 1, sizeof(*order));
	int r = order ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < machine->count; i++)
		order[i] = &machine->functions[i];
	if (r == 0)
		qsort(order, machine->count, sizeof(*order), compare);
	for (size_t i = 0; r == 0 && i < machine->count; i++) {
		struct row row = {0};

		if (!list_passes(filter, order[i]))
			continue;
		fill_identity(order[i], names, &row);
		read_resets(root, &row);
		fill_uses(attached, (size_t)(order[i] - machine->functions), &row);
		r = add_row(table, order[i], survey_verdict(survey, order[i]), &row);
	}
	return r;
}
