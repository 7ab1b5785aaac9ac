/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_MAX 512

static const char *option(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 ? word + length : NULL;
}

static void apply_use(struct pci_function *function, enum use use, const char *text)
{
	function->use = use;
	snprintf(function->use_text, sizeof(function->use_text), "%s", text);
}

static void apply_framebuffer(struct machine *machine, const char *text)
{
	size_t length = strcspn(text, "/");

	assert_int_equal(text[length], '/');
	snprintf(machine->framebuffer.device, sizeof(machine->framebuffer.device), "%.*s",
		(int)length, text);
	snprintf(machine->framebuffer.claim, sizeof(machine->framebuffer.claim), "%s",
		text + length + 1);
}

static void apply_word(
	struct machine *machine, struct pci_function *function, const char *word)
{
	const char *value;

	if (strcmp(word, "bridge") == 0)
		function->is_bridge = true;
	else if (strcmp(word, "unresponsive") == 0)
		function->unknown = -ETIMEDOUT;
	else if (strcmp(word, "unreadable") == 0)
		function->unknown = -EIO;
	else if (strcmp(word, "built-in") == 0)
		function->driver_built_in = true;
	else if (strcmp(word, "idle") == 0)
		apply_use(function, USE_IDLE, "");
	else if (strcmp(word, "busy") == 0)
		apply_use(function, USE_BUSY, "sda1 is mounted on /data");
	else if (strcmp(word, "unknown") == 0)
		apply_use(function, USE_UNKNOWN, "its users could not be listed");
	else if ((value = option(word, "override=")))
		snprintf(function->override, sizeof(function->override), "%s", value);
	else if ((value = option(word, "framebuffer="))) {
		function->boot_display = true;
		apply_framebuffer(machine, value);
	} else if (strcmp(word, "driver-missing") == 0) {
		function->driver_missing = true;
	} else if ((value = option(word, "driver-meant="))) {
		function->driver_missing = true;
		snprintf(function->driver_meant, sizeof(function->driver_meant), "%s",
			value);
	} else if (strcmp(word, "boot-display") == 0) {
		function->boot_display = true;
	} else if ((value = option(word, "vf-of="))) {
		function->is_vf = true;
		function->vf_of = address_of(value);
	} else if ((value = option(word, "serial="))) {
		function->has_serial = true;
		assert_int_equal(
			pci_serial_parse(value, strlen(value), &function->serial), 0);
	} else if ((value = option(word, "path=")))
		assert_int_equal(
			pci_path_parse(value, strlen(value), &function->path), 0);
	else
		fail_msg("machine row: unknown word %s", word);
}

static void apply_id(struct pci_function *function, const char *text)
{
	struct pci_id_pattern pattern;

	assert_int_equal(pci_id_pattern_parse(text, strlen(text), &pattern), 0);
	function->id = pattern.id;
}

static void add_row(struct machine *machine, const char *row)
{
	struct pci_function *function = machine_add(machine);
	char copy[ROW_MAX], *words[16] = {0}, *rest = NULL;
	size_t count = 0;

	assert_non_null(function);
	assert_true(strlen(row) < sizeof(copy));
	snprintf(copy, sizeof(copy), "%s", row);
	for (char *word = strtok_r(copy, " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		assert_true(count < 16);
		words[count++] = word;
	}
	if (count < 5)
		fail_msg("machine row: too short: %s", row);
	function->address = address_of(words[0]);
	function->path = (struct pci_path){.domain = function->address.domain,
		.bus = function->address.bus,
		.hops = 1,
		.devfn = {(uint8_t)(function->address.device << 3 |
				    function->address.function)}};
	apply_id(function, words[1]);
	function->class_code = (uint32_t)strtoul(words[2], NULL, 16);
	if (strcmp(words[3], "-") != 0) {
		function->group = atoi(words[3]);
		machine->has_iommu = true;
	}
	if (strcmp(words[4], "-") != 0)
		snprintf(function->driver, sizeof(function->driver), "%s", words[4]);
	for (size_t i = 5; i < count; i++)
		apply_word(machine, function, words[i]);
}

void machine_build(struct machine *machine, const char *const rows[])
{
	*machine = (struct machine){.needs = {.root = ROOT_FOUND,
					    .keyboards_known = true,
					    .network_known = true}};
	for (; *rows; rows++)
		add_row(machine, *rows);
	machine_sort(machine);
}

struct pci_address address_of(const char *text)
{
	struct pci_address address = {0};

	if (pci_address_parse(text, strlen(text), &address) != 0)
		fail_msg("not an address: %s", text);
	return address;
}

const struct rule *rule_build(struct config *config, const char *line)
{
	*config = (struct config){0};
	assert_int_equal(config_add_file(config, SCENE_FILE, line, strlen(line)), 0);
	if (config->problem_count > 0)
		fail_msg("%s: %s", line, config->problems[0].text);
	assert_int_equal(config->rule_count, 1);
	return &config->rules[0];
}

void scene_select(struct scene *scene, const char *config, const char *const rows[])
{
	*scene = (struct scene){0};
	machine_build(&scene->machine, rows);
	assert_int_equal(
		config_add_file(&scene->config, SCENE_FILE, config, strlen(config)), 0);
	if (scene->config.problem_count > 0)
		fail_msg("%s: %s", config, scene->config.problems[0].text);
	for (size_t i = 0; i < scene->config.rule_count; i++)
		scene->config.rules[i].allow |= GUARD_BIT(GUARD_LAST_DISPLAY);
	assert_int_equal(selection_make(&scene->config, &scene->machine,
				 &scene->selection, &scene->findings),
		0);
	assert_false(scene->findings.incomplete);
}

void scene_plan(struct scene *scene, const char *config, const char *const rows[])
{
	scene_select(scene, config, rows);
	assert_int_equal(plan_make(&scene->machine, &scene->selection, &scene->plan,
				 &scene->findings),
		0);
}

void scene_clear(struct scene *scene)
{
	plan_clear(&scene->plan);
	selection_clear(&scene->selection);
	findings_clear(&scene->findings);
	config_clear(&scene->config);
	machine_clear(&scene->machine);
}

const struct wanted *scene_wanted(const struct scene *scene, const char *address)
{
	struct pci_address key = address_of(address);

	for (size_t i = 0; i < scene->selection.count; i++)
		if (pci_address_compare(
			    &scene->selection.items[i].function->address, &key) == 0)
			return &scene->selection.items[i];
	return NULL;
}

const char *scene_wanted_text(const struct scene *scene)
{
	static char text[1024];
	char address[PCI_ADDRESS_TEXT_MAX];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < scene->selection.count; i++) {
		const char *shown = address;

		pci_address_format(&scene->selection.items[i].function->address, address);
		if (strncmp(address, "0000:", 5) == 0)
			shown += 5;
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s", i ? " " : "", shown);
		assert_true(used < sizeof(text));
	}
	return text;
}

static bool is_about(
	const struct finding *finding, enum verdict verdict, const char *address)
{
	struct pci_address key;

	if (finding->verdict != verdict)
		return false;
	if (!address)
		return true;
	if (!*address || !finding->has_function)
		return !*address && !finding->has_function;
	key = address_of(address);
	return pci_address_compare(&finding->address, &key) == 0;
}

size_t findings_count(
	const struct findings *findings, enum verdict verdict, const char *address)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += is_about(&findings->items[i], verdict, address);
	return count;
}

const struct finding *findings_first(
	const struct findings *findings, enum verdict verdict, const char *address)
{
	for (size_t i = 0; i < findings->count; i++)
		if (is_about(&findings->items[i], verdict, address))
			return &findings->items[i];
	fail_msg(
		"no finding %s for %s", verdict_name(verdict), address ? address : "any");
	return NULL;
}

void check_contains(
	const char *text, const char *part, bool expected, const char *file, int line)
{
	if ((strstr(text, part) != NULL) == expected)
		return;
	print_error("\"%s\" %s \"%s\"\n", text, expected ? "lacks" : "holds", part);
	_fail(file, line);
}
