/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The operations as text: "O0 L0:vfio-pci L0:vfio_iommu_type1 U0 P0", the numbers being
 * those of the planned devices.
 */
static const char *operations_text(const struct plan *plan)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		const struct plan_device *device = &plan->devices[operation->device];

		assert_true(operation->device < plan->device_count);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c%zu%s%s",
			i ? " " : "", "OLUPRH"[operation->kind], operation -> device,
			operation -> kind == OPERATION_LOAD ? ":" : "",
			operation->kind != OPERATION_LOAD ? ""
			: operation->module               ? operation->module
							  : device->rule->driver);
		assert_true(used < sizeof(text));
	}
	return text;
}

#define LOADS "L0:vfio-pci L0:vfio_iommu_type1"

static void test_operations(void **state)
{
	static const struct {
		const char *config;
		const char *row;
		const char *operations;
	} rows[] = {
		{"01:00.0", "01:00.0 1:2 020000 1 -", "O0 " LOADS " P0"},
		{"01:00.0", "01:00.0 1:2 020000 1 e1000e idle", "O0 " LOADS " U0 P0"},
		{"01:00.0", "01:00.0 1:2 020000 1 - override=vfio-pci", LOADS " P0"},
		{"01:00.0", "01:00.0 1:2 020000 1 - override=other", "O0 " LOADS " P0"},
		{"01:00.0", "01:00.0 1:2 020000 1 vfio-pci override=vfio-pci", ""},
		{"01:00.0", "01:00.0 1:2 020000 1 vfio-pci", "O0"},
		{"01:00.0", "01:00.0 1:2 020000 1 e1000e idle override=vfio-pci",
			LOADS " U0 P0"},
		{"01:00.0 driver=pci-stub", "01:00.0 1:2 020000 1 -",
			"O0 L0:pci-stub P0"},
		{"01:00.0 driver=mlx5_vfio_pci", "01:00.0 1:2 020000 1 -",
			"O0 L0:mlx5_vfio_pci L0:vfio_iommu_type1 P0"},
		{"01:00.0", "01:00.0 1:2 020000 1 e1000e busy", ""},
		{"01:00.0", "01:00.0 1:2 020000 - -", ""},
		{"", "01:00.0 1:2 020000 1 -", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_plan(&scene, rows[i].config, ROWS(rows[i].row));
		if (strcmp(operations_text(&scene.plan), rows[i].operations) != 0)
			fail_msg("%s x %s: %s", rows[i].config, rows[i].row,
				operations_text(&scene.plan));
		scene_clear(&scene);
	}
}

static void test_order(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "id=1:*\nid=2:* driver=pci-stub",
		ROWS("01:00.0 1:2 020000 1 e1000e idle", "02:00.0 2:2 020000 2 -",
			"03:00.0 1:2 020000 3 vfio-pci override=vfio-pci",
			"04:00.0 1:2 0c0330 4 xhci_hcd idle", "05:00.0 2:2 020000 5 -"));
	assert_int_equal(scene.plan.device_count, 5);
	assert_string_equal(operations_text(&scene.plan),
		"O0 O1 O3 O4 " LOADS " L1:pci-stub U0 U3 P0 P1 P3 P4");
	scene_clear(&scene);
}

/* One module once, also the one that several drivers share. */
static void test_backend_is_loaded_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0\n02:00.0 driver=mlx5_vfio_pci\n03:00.0",
		ROWS("01:00.0 1:2 020000 1 -", "02:00.0 1:2 020000 2 -",
			"03:00.0 1:2 020000 3 -"));
	assert_string_equal(operations_text(&scene.plan),
		"O0 O1 O2 " LOADS " L1:mlx5_vfio_pci P0 P1 P2");
	scene_clear(&scene);
}

static void test_already(void **state)
{
	const struct finding *already;
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0\n02:00.0",
		ROWS("01:00.0 1:2 020000 1 vfio-pci override=vfio-pci",
			"02:00.0 1:2 020000 2 vfio-pci"));
	assert_string_equal(operations_text(&scene.plan), "O1");
	assert_int_equal(findings_count(&scene.findings, VERDICT_ALREADY, NULL), 1);
	already = findings_first(&scene.findings, VERDICT_ALREADY, "01:00.0");
	assert_string_equal(already->text, "already bound to vfio-pci");
	assert_string_equal(already->driver, "vfio-pci");
	assert_string_equal(already->origin, SCENE_FILE ":1");
	scene_clear(&scene);
}

static void test_refused(void **state)
{
	const struct finding *refused;
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0\n02:00.0",
		ROWS("01:00.0 1:2 020000 1 -", "02:00.0 144d:a808 010802 2 nvme busy"));
	assert_int_equal(scene.plan.device_count, 1);
	refused = findings_first(&scene.findings, VERDICT_REFUSED, "02:00.0");
	assert_int_equal(refused->guard, GUARD_BOUND);
	assert_int_equal(refused->severity, SEVERITY_WARNING);
	assert_int_equal(strncmp(refused->text, "refused, bound: nvme (", 22), 0);
	assert_string_equal(refused->origin, SCENE_FILE ":2");
	scene_clear(&scene);
}

static bool refused_waits(const struct scene *scene, const char *address)
{
	struct pci_address at = address_of(address);

	return machine_find(&scene->machine, &at)->waits;
}

/* Not for a guard that only the config can lift. */
static void test_waiting(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0\n02:00.0\n03:00.0\n04:00.0 id=1:3",
		ROWS("01:00.0 1:2 020000 - -", "02:00.0 1:2 020000 2 e1000e busy",
			"03:00.0 1:2 020000 3 -", "04:00.0 1:2 020000 - -"));
	assert_int_equal(scene.plan.device_count, 1);
	assert_true(refused_waits(&scene, "01:00.0"));
	assert_false(refused_waits(&scene, "02:00.0"));
	assert_false(refused_waits(&scene, "03:00.0"));
	assert_false(refused_waits(&scene, "04:00.0"));
	scene_clear(&scene);
}

/* Not even loaded, and its group's other member is told what becomes of it. */
static void test_missing_driver(void **state)
{
	const struct finding *refused;
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0 driver=no_such\n01:00.1",
		ROWS("01:00.0 1:2 020000 1 - driver-missing", "01:00.1 1:2 020000 1 -"));
	assert_int_equal(scene.plan.device_count, 1);
	assert_string_equal(operations_text(&scene.plan), "O0 " LOADS " P0");
	refused = findings_first(&scene.findings, VERDICT_REFUSED, "01:00.0");
	assert_int_equal(refused->guard, GUARD_DRIVER);
	assert_true(refused_waits(&scene, "01:00.0"));
	assert_false(refused_waits(&scene, "01:00.1"));
	assert_string_equal(refused->driver, "no_such");
	assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "01:00.0")->text,
		"it was refused");
	scene_clear(&scene);
}

static void test_unresponsive(void **state)
{
	const struct finding *failed;
	struct scene scene;

	(void)state;
	scene_plan(&scene, "01:00.0", ROWS("01:00.0 1:2 020000 1 - unresponsive"));
	assert_int_equal(scene.plan.device_count, 0);
	assert_int_equal(scene.plan.operation_count, 0);
	failed = findings_first(&scene.findings, VERDICT_FAILED, "01:00.0");
	assert_int_equal(failed->severity, SEVERITY_ERROR);
	scene_clear(&scene);
}

static void test_display_warning(void **state)
{
	static const struct {
		const char *row;
		size_t warnings;
	} rows[] = {
		{"01:00.0 1:2 030000 1 nouveau", 1},
		{"01:00.0 1:2 038000 1 amdgpu idle", 1},
		{"01:00.0 1:2 030000 1 -", 0},
		{"01:00.0 1:2 030000 1 vfio-pci", 0},
		{"01:00.0 1:2 020000 1 e1000e", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_plan(&scene, "01:00.0 unbind=always", ROWS(rows[i].row));
		assert_int_equal(scene.plan.device_count, 1);
		assert_int_equal(findings_count(&scene.findings, VERDICT_NOTE, "01:00.0"),
			rows[i].warnings);
		if (rows[i].warnings) {
			const struct finding *note =
				findings_first(&scene.findings, VERDICT_NOTE, "01:00.0");

			assert_int_equal(note->severity, SEVERITY_WARNING);
			assert_contains(note->text, "can hang");
		}
		scene_clear(&scene);
	}
}

static void test_describe(void **state)
{
	static const struct {
		const char *row;
		const char *text; /* NULL: nothing to say */
	} rows[] = {
		{"01:00.0 1:2 020000 1 -", "would be bound to vfio-pci"},
		{"01:00.0 1:2 020000 1 e1000e idle",
			"would be bound to vfio-pci, taken from e1000e"},
		{"01:00.0 1:2 020000 1 vfio-pci override=vfio-pci", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_plan(&scene, "01:00.0", ROWS(rows[i].row));
		plan_describe(&scene.plan, &scene.findings);
		assert_int_equal(
			findings_count(&scene.findings, VERDICT_WOULD_BIND, NULL),
			rows[i].text != NULL);
		if (rows[i].text)
			assert_string_equal(findings_first(&scene.findings,
						    VERDICT_WOULD_BIND, "01:00.0")
						    ->text,
				rows[i].text);
		scene_clear(&scene);
	}
}

static uint64_t seed = 99;

static unsigned below(unsigned limit)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((seed >> 33) % limit);
}

#define RANDOM_ROWS 24

static void random_rows(char rows[RANDOM_ROWS][96], const char *pointers[RANDOM_ROWS + 1])
{
	static const char *const classes[] = {"030000", "040300", "060400", "060100",
		"0c0500", "0c0330", "010802", "020000"};
	static const char *const drivers[] = {
		"-", "-", "nvme", "nouveau", "xhci_hcd", "vfio-pci", "pci-stub", "odd"};
	static const char *const uses[] = {"idle", "busy", "unknown", ""};
	static const char *const overrides[] = {
		"", "override=vfio-pci", "override=pci-stub"};

	for (unsigned i = 0; i < RANDOM_ROWS; i++) {
		char group[8] = "-";

		if (below(8))
			snprintf(group, sizeof(group), "%u", below(6));
		snprintf(rows[i], 96, "%02x:%02x.%u %u:%u %s %s %s %s %s %s", i / 12,
			i / 4, i % 4, 1 + below(2), 1 + below(3), classes[below(8)],
			group, drivers[below(8)], uses[below(4)], overrides[below(3)],
			below(10) ? "" : "unresponsive");
		pointers[i] = rows[i];
	}
	pointers[RANDOM_ROWS] = NULL;
}

static void random_config(char *out, size_t size)
{
	static const char *const options[] = {"", "with=slot", "with=group",
		"unbind=always", "unbind=never", "driver=pci-stub", "allow=no-iommu",
		"allow=bridge"};
	size_t used = 0;

	for (unsigned i = 0, count = 1 + below(4); i < count; i++) {
		unsigned n = below(RANDOM_ROWS);

		if (below(3) == 0)
			used += (size_t)snprintf(out + used, size - used, "keep ");
		else
			used += (size_t)snprintf(
				out + used, size - used, "%s ", options[below(8)]);
		used += below(2) ? (size_t)snprintf(out + used, size - used,
					   "%02x:%02x.%u id=1:*\n", n / 12, n / 4, n % 4)
				 : (size_t)snprintf(out + used, size - used, "group=%u\n",
					   below(6));
	}
}

/*
 * Whether the rule names the function or reaches it by with=, said anew and without the
 * code under test: an address or a group number, as random_config() writes them.
 */
static bool touches(const struct rule *rule, const struct machine *machine,
	const struct pci_function *function)
{
	for (size_t i = 0; i < machine->count; i++) {
		const struct pci_function *named = &machine->functions[i];
		const struct term *term = &rule->terms[0];

		if (term->kind == TERM_ADDRESS
				? pci_address_compare(
					  &term->address.address, &named->address) != 0
				: named->group != (int)term->group)
			continue;
		if (named == function)
			return true;
		if (rule->widening == WIDEN_SLOT &&
			named->address.bus == function->address.bus &&
			named->address.device == function->address.device)
			return true;
		if (rule->widening == WIDEN_GROUP && named->group >= 0 &&
			named->group == function->group)
			return true;
	}
	return false;
}

static bool may_touch(const struct config *config, const struct machine *machine,
	const struct pci_function *function)
{
	bool taken = false;

	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];

		if (rule->action == RULE_TAKE)
			taken |= touches(rule, machine, function);
		else if (touches(rule, machine, function) &&
			 (rule->terms[0].kind != TERM_ADDRESS ||
				 function->id.vendor == 1))
			return false;
	}
	return taken;
}

static void check_properties(const struct scene *scene)
{
	const struct plan *plan = &scene->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		const struct plan_device *device = &plan->devices[operation->device];

		if (i > 0)
			assert_true(plan->operations[i - 1].kind <= operation->kind);
		assert_true(operation->device < plan->device_count);
		assert_true(may_touch(&scene->config, &scene->machine, device->function));
		assert_int_equal(device->rule->action, RULE_TAKE);
		assert_false(device->function->is_bridge || device->function->unknown);
		if (operation->kind == OPERATION_UNBIND)
			assert_int_not_equal(device->rule->unbind, UNBIND_NEVER);
		if (operation->kind != OPERATION_OVERRIDE)
			assert_string_not_equal(
				device->function->driver, device->rule->driver);
		for (size_t j = 0; j < i; j++)
			assert_false(plan->operations[j].kind == operation->kind &&
				     plan->operations[j].device == operation->device &&
				     plan->operations[j].module == operation->module);
	}
	for (size_t i = 1; i < plan->device_count; i++)
		assert_true(pci_address_compare(&plan->devices[i - 1].function->address,
				    &plan->devices[i].function->address) < 0);
}

static void test_properties(void **state)
{
	size_t operations = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char rows[RANDOM_ROWS][96], config[512] = "";
		const char *pointers[RANDOM_ROWS + 1];
		struct scene scene;

		random_rows(rows, pointers);
		random_config(config, sizeof(config));
		scene_plan(&scene, config, pointers);
		check_properties(&scene);
		operations += scene.plan.operation_count;
		scene_clear(&scene);
	}
	assert_true(operations > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_backend_is_loaded_once),
		cmocka_unit_test(test_already),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_missing_driver),
		cmocka_unit_test(test_unresponsive),
		cmocka_unit_test(test_display_warning),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
