/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What apply says, does a second time, and does after a run that died. */
#include "apply/apply.h"

#include "machine_builder.h"
#include "sim_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#define GPU "01:00.0 10de:2206 030000 1 -"

static const char *const natives[] = {"nouveau", "igb", ""};

static void run(struct scene *scene, struct sim *sim, struct sim_fault fault)
{
	struct effects effects = sim_effects(sim);

	sim->faults[0] = fault;
	assert_int_equal(apply_plan(&scene->plan, &effects, &scene->findings), 0);
	assert_false(scene->findings.incomplete);
}

static void begin(struct scene *scene, struct sim *sim, const char *config,
	const char *const rows[], struct sim_traits traits)
{
	scene_plan(scene, config, rows);
	sim_begin(sim, &scene->machine, natives, &traits);
}

static unsigned writes(const struct sim *sim)
{
	return sim->counts[SIM_OVERRIDE] + sim->counts[SIM_LOAD] +
	       sim->counts[SIM_UNBIND] + sim->counts[SIM_PROBE] + sim->counts[SIM_BIND];
}

static void test_bound(void **state)
{
	struct scene scene;
	struct sim sim;
	const struct finding *finding;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS(GPU), (struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){0});
	finding = findings_first(&scene.findings, VERDICT_BOUND, "01:00.0");
	assert_string_equal(finding->text, "bound to vfio-pci");
	assert_string_equal(finding->origin, SCENE_FILE ":1");
	assert_string_equal(finding->driver, "vfio-pci");
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_int_equal(sim.counts[SIM_LOAD], 2);
	assert_int_equal(sim.counts[SIM_BIND], 0);
	scene_clear(&scene);
}

static void test_taken_from(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "03:00.0\n05:00.0\n",
		ROWS("03:00.0 1:1 020000 1 igb idle",
			"05:00.0 1:2 0c0330 2 xhci_hcd idle built-in"),
		(struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){0});
	assert_contains(findings_first(&scene.findings, VERDICT_BOUND, "03:00.0")->text,
		"bound to vfio-pci, taken from igb (a module loaded");
	assert_contains(findings_first(&scene.findings, VERDICT_BOUND, "05:00.0")->text,
		"taken from xhci_hcd (built into the kernel)");
	scene_clear(&scene);
}

/* A second run finds everything right, and neither writes nor loads anything. */
static void test_second_run(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.*\n",
		ROWS("01:00.0 1:1 030000 1 vfio-pci override=vfio-pci",
			"01:00.1 1:2 040300 1 vfio-pci override=vfio-pci"),
		(struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){0});
	assert_int_equal(writes(&sim), 0);
	assert_int_equal(findings_count(&scene.findings, VERDICT_ALREADY, NULL), 2);
	assert_int_equal(scene.findings.count, 2);
	scene_clear(&scene);
}

/* Each failure names its step, its reason and what became of the device. */
static void test_reasons(void **state)
{
	static const struct {
		struct sim_fault fault;
		struct sim_traits traits;
		const char *parts[3];
	} rows[] = {
		{{SIM_OVERRIDE, 0, EROFS, false}, {0},
			{"driver_override could not be written", "read-only",
				"given back"}},
		{{SIM_LOAD, 0, EKEYREJECTED, false}, {0},
			{"could not be loaded", "signature", "given back to nouveau"}},
		{{SIM_LOAD, 0, ENOENT, false}, {0},
			{"could not be loaded", "rebuild the image",
				"given back to nouveau"}},
		{{SIM_LOAD, 0, ETIMEDOUT, false}, {0},
			{"could not be loaded", "never returned",
				"given back to nouveau"}},
		{{0}, {.load_is_empty = true},
			{"could not be loaded",
				"correct driver=", "given back to nouveau"}},
		{{0}, {.refuse = EINVAL},
			{"did not bind it", "no IOMMU group", "given back to nouveau"}},
		{{0}, {.refuse = EBUSY},
			{"did not bind it", "SR-IOV", "given back to nouveau"}},
		{{0}, {.grab = true},
			{"did not bind it", "another driver holds it",
				"given back to nouveau"}},
		/* A call on the device hangs: nothing can be written to it any more. */
		{{SIM_PROBE, 0, ETIMEDOUT, false}, {.refuse = EINVAL},
			{"did not bind it", "never returned",
				"driver_override could not be cleared"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *finding;
		struct scene scene;
		struct sim sim;

		begin(&scene, &sim, "01:00.0\n", ROWS(GPU), rows[i].traits);
		run(&scene, &sim, rows[i].fault);
		finding = findings_first(&scene.findings, VERDICT_FAILED, "01:00.0");
		assert_int_equal(finding->severity, SEVERITY_ERROR);
		for (size_t j = 0; j < 3; j++)
			assert_contains(finding->text, rows[i].parts[j]);
		scene_clear(&scene);
	}
}

/* Where the module that virtual machines need is missing, devices are still taken. */
static void test_backend_missing(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS(GPU), (struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){SIM_LOAD, 1, ENOENT, false});
	assert_int_equal(findings_count(&scene.findings, VERDICT_BOUND, "01:00.0"), 1);
	assert_contains(findings_first(&scene.findings, VERDICT_NOTE, "")->text,
		"vfio_iommu_type1 could not be loaded");
	scene_clear(&scene);
}

/* One device that fails leaves the other alone, and modules are loaded once. */
static void test_one_of_two(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n02:00.0\n", ROWS(GPU, "02:00.0 1:2 030000 2 -"),
		(struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){SIM_OVERRIDE, 0, ENODEV, false});
	assert_int_equal(findings_count(&scene.findings, VERDICT_FAILED, "01:00.0"), 1);
	assert_int_equal(findings_count(&scene.findings, VERDICT_BOUND, "02:00.0"), 1);
	assert_int_equal(sim.counts[SIM_LOAD], 2);
	scene_clear(&scene);
}

static void test_not_let_go(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "03:00.0\n", ROWS("03:00.0 1:1 020000 1 igb idle"),
		(struct sim_traits){.keeps_on = true});
	run(&scene, &sim, (struct sim_fault){0});
	assert_contains(findings_first(&scene.findings, VERDICT_FAILED, "03:00.0")->text,
		"could not be taken from igb: the driver is still on "
		"the device; given back to igb");
	scene_clear(&scene);
}

/* If no device is left that wants it, the driver is not loaded either. */
static void test_no_load_for_nobody(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS(GPU), (struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){SIM_OVERRIDE, 0, ENODEV, false});
	assert_int_equal(sim.counts[SIM_LOAD], 0);
	scene_clear(&scene);
}

/* "Given back" must not be said of a device whose host driver was never probed again. */
static void test_probe_of_giving_back_fails(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS(GPU),
		(struct sim_traits){.refuse = EINVAL});
	run(&scene, &sim, (struct sim_fault){SIM_PROBE, 1, EROFS, false});
	assert_true(sim.faults[0].hit);
	assert_contains(findings_first(&scene.findings, VERDICT_FAILED, "01:00.0")->text,
		"read-only");
	scene_clear(&scene);
}

static void give_back(struct scene *scene, struct sim *sim)
{
	struct effects effects = sim_effects(sim);

	apply_give_back(&scene->plan, &effects, &scene->findings);
}

/* After a run that died: between its override and its probe, and after an unbind. */
static void test_give_back(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n02:00.0\n",
		ROWS("01:00.0 1:1 030000 1 - override=vfio-pci",
			"02:00.0 1:2 020000 2 igb idle override=vfio-pci"),
		(struct sim_traits){0});
	give_back(&scene, &sim);
	assert_string_equal(sim.devices[0].override, "");
	assert_string_equal(sim.devices[0].driver, "nouveau");
	assert_string_equal(sim.devices[1].override, "");
	assert_string_equal(sim.devices[1].driver, "igb");
	assert_int_equal(sim.counts[SIM_LOAD] + sim.counts[SIM_UNBIND], 0);
	assert_int_equal(sim.counts[SIM_BIND], 0);
	assert_int_equal(findings_count(&scene.findings, VERDICT_FAILED, NULL), 2);
	scene_clear(&scene);
}

/* What is on its driver stays there, with whatever override it has. */
static void test_give_back_leaves_bound(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n02:00.0\n",
		ROWS("01:00.0 1:1 030000 1 vfio-pci override=vfio-pci",
			"02:00.0 1:2 030000 2 vfio-pci"),
		(struct sim_traits){0});
	give_back(&scene, &sim);
	assert_string_equal(sim.devices[0].override, "vfio-pci");
	assert_string_equal(sim.devices[0].driver, "vfio-pci");
	assert_string_equal(sim.devices[1].driver, "vfio-pci");
	assert_int_equal(writes(&sim), 0);
	assert_int_equal(findings_count(&scene.findings, VERDICT_ALREADY, "01:00.0"), 1);
	assert_int_equal(findings_count(&scene.findings, VERDICT_FAILED, NULL), 1);
	assert_contains(findings_first(&scene.findings, VERDICT_FAILED, "02:00.0")->text,
		"it stays on vfio-pci, without driver_override");
	scene_clear(&scene);
}

static void test_give_back_fails(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS("01:00.0 1:1 030000 1 - override=vfio-pci"),
		(struct sim_traits){0});
	sim.faults[0] = (struct sim_fault){SIM_OVERRIDE, 0, ETIMEDOUT, false};
	give_back(&scene, &sim);
	assert_contains(findings_first(&scene.findings, VERDICT_FAILED, "01:00.0")->text,
		"driver_override could not be cleared");
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_taken_from),
		cmocka_unit_test(test_second_run),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_backend_missing),
		cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_not_let_go),
		cmocka_unit_test(test_no_load_for_nobody),
		cmocka_unit_test(test_probe_of_giving_back_fails),
		cmocka_unit_test(test_give_back),
		cmocka_unit_test(test_give_back_leaves_bound),
		cmocka_unit_test(test_give_back_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
