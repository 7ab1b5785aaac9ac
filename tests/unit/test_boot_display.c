/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plan, and then apply, do about the boot display and its framebuffer. */
#include "apply/apply.h"

#include "machine_builder.h"
#include "sim_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GPU    "01:00.0 10de:2206 030000 1 -"
#define NOTICE "the boot display is being taken"
#define EFIFB  " framebuffer=efi-framebuffer.0/efifb"

static const char *const natives[] = {"nouveau", ""};

static void begin(struct scene *scene, struct sim *sim, const char *config,
	const char *const rows[], struct sim_traits traits)
{
	scene_plan(scene, config, rows);
	sim_begin(sim, &scene->machine, natives, &traits);
}

static void run(struct scene *scene, struct sim *sim, struct sim_fault fault)
{
	struct effects effects = sim_effects(sim);

	sim->faults[0] = fault;
	assert_int_equal(apply_plan(&scene->plan, &effects, &scene->findings), 0);
	assert_false(scene->findings.incomplete);
}

static unsigned notices(const struct scene *scene, const char *part)
{
	unsigned count = 0;

	for (size_t i = 0; i < scene->findings.count; i++)
		count += strstr(scene->findings.items[i].text, part) != NULL;
	return count;
}

static unsigned releases_planned(const struct scene *scene)
{
	unsigned count = 0;

	for (size_t i = 0; i < scene->plan.operation_count; i++)
		count += scene->plan.operations[i].kind == OPERATION_RELEASE;
	return count;
}

/* Exactly when it applies: the notice about prompts, and the step of the plan. */
static void test_plan(void **state)
{
	static const struct {
		const char *config;
		const char *row;
		bool notice;
		bool release;
	} rows[] = {
		{"01:00.0", GPU EFIFB, true, true},
		{"01:00.0", GPU " framebuffer=/", true, false},
		{"01:00.0", GPU " framebuffer=/efifb", true, true},
		{"01:00.0 framebuffer=leave", GPU EFIFB, true, true},
		{"01:00.0 driver=nvgrace-gpu-vfio-pci", GPU EFIFB, true, true},
		/* Another display, or the boot display that nobody takes. */
		{"01:00.0", GPU, false, false},
		{"keep 01:00.0", GPU EFIFB, false, false},
		{"01:00.0", "01:00.0 10de:2206 030000 - -" EFIFB, false, false},
		{"01:00.0", "01:00.0 10de:2206 030000 1 nouveau busy" EFIFB, false,
			false},
		/* It is there already: nothing is being taken. */
		{"01:00.0",
			"01:00.0 10de:2206 030000 1 vfio-pci override=vfio-pci"
			" framebuffer=/",
			false, false},
		{"01:00.0", "01:00.0 10de:2206 030000 1 vfio-pci" EFIFB, false, true},
		/* pci-stub leaves the picture alone; its unbinding of a driver does not.
		 */
		{"01:00.0 driver=pci-stub", GPU EFIFB, false, false},
		{"01:00.0 driver=pci-stub unbind=always",
			"01:00.0 10de:2206 030000 1 nouveau busy framebuffer=/", true,
			false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_plan(&scene, rows[i].config, ROWS(rows[i].row));
		if (notices(&scene, NOTICE) != rows[i].notice ||
			releases_planned(&scene) != rows[i].release)
			fail_msg("row %zu: %u notices, %u releases", i,
				notices(&scene, NOTICE), releases_planned(&scene));
		scene_clear(&scene);
	}
}

static void test_release_is_last(void **state)
{
	struct scene scene;

	(void)state;
	scene_plan(
		&scene, "01:00.0\n02:00.0\n", ROWS(GPU EFIFB, "02:00.0 1:2 030000 2 -"));
	assert_int_equal(scene.plan.operations[scene.plan.operation_count - 1].kind,
		OPERATION_RELEASE);
	assert_int_equal(releases_planned(&scene), 1);
	scene_clear(&scene);
}

static void test_describe(void **state)
{
	static const struct {
		const char *config;
		const char *framebuffer;
		const char *part;
	} rows[] = {
		{"01:00.0", "efi-framebuffer.0/efifb",
			"would be released from efi-framebuffer.0"},
		{"01:00.0 framebuffer=leave", "efi-framebuffer.0/efifb",
			"would be left to efi-framebuffer.0"},
		{"01:00.0", "/BOOTFB", "would stay with BOOTFB"},
		{"01:00.0", "/", NULL},
		{"01:00.0 driver=pci-stub", "efi-framebuffer.0/efifb", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		char row[128];

		snprintf(row, sizeof(row), "%s framebuffer=%s", GPU, rows[i].framebuffer);
		scene_plan(&scene, rows[i].config, ROWS(row));
		plan_describe(&scene.plan, &scene.findings);
		assert_int_equal(notices(&scene, "boot framebuffer"), rows[i].part != 0);
		if (rows[i].part)
			assert_int_equal(notices(&scene, rows[i].part), 1);
		scene_clear(&scene);
	}
}

/* What is said of the boot framebuffer, by what the kernel left of it. */
static void test_words(void **state)
{
	static const struct {
		const char *config;
		const char *framebuffer;
		struct sim_traits traits;
		unsigned releases;
		enum severity severity;
		const char *part; /* NULL: nothing is said */
	} rows[] = {
		{"01:00.0\n", "efi-framebuffer.0/efifb", {0}, 1, SEVERITY_INFO,
			"is released from efi-framebuffer.0"},
		{"01:00.0\n", "vesa-framebuffer.0/", {0}, 1, SEVERITY_INFO,
			"is released from vesa-framebuffer.0"},
		{"01:00.0\n", "efi-framebuffer.0/efifb", {.evicts = true}, 0, 0, NULL},
		{"01:00.0\n", "/", {0}, 0, 0, NULL},
		{"01:00.0\n", "efi-framebuffer.0/efifb", {.clings = true}, 1,
			SEVERITY_WARNING,
			"could not be released from efi-framebuffer.0, so no virtual "
			"machine can map that BAR: the driver is still on"},
		{"01:00.0\n", "simple-framebuffer.0/BOOTFB", {0}, 0, SEVERITY_WARNING,
			"claimed by BOOTFB, which only the kernel could end, so no "
			"virtual machine can map that BAR; "
			"initcall_blacklist=sysfb_init"},
		{"01:00.0\n", "simple-framebuffer.0/BOOTFB", {.evicts = true}, 0, 0,
			NULL},
		{"01:00.0 framebuffer=leave\n", "efi-framebuffer.0/efifb", {0}, 0,
			SEVERITY_NOTICE,
			"is left to efi-framebuffer.0 by framebuffer=leave, so no "
			"virtual"},
		{"01:00.0 framebuffer=leave\n", "efi-framebuffer.0/efifb",
			{.evicts = true}, 0, 0, NULL},
		{"01:00.0 driver=pci-stub\n", "efi-framebuffer.0/efifb", {0}, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct finding *last;
		struct scene scene;
		struct sim sim;
		char row[128];

		snprintf(row, sizeof(row), "%s framebuffer=%s", GPU, rows[i].framebuffer);
		begin(&scene, &sim, rows[i].config, ROWS(row), rows[i].traits);
		run(&scene, &sim, (struct sim_fault){0});
		assert_int_equal(sim.counts[SIM_RELEASE], rows[i].releases);
		last = &scene.findings.items[scene.findings.count - 1];
		if (rows[i].part) {
			assert_int_equal(last->verdict, VERDICT_NOTE);
			assert_int_equal(last->severity, rows[i].severity);
			assert_contains(last->text, rows[i].part);
		} else {
			assert_int_equal(last->verdict, VERDICT_BOUND);
		}
		scene_clear(&scene);
	}
}

/* A run that repeats one which was interrupted before the release. */
static void test_second_run(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n",
		ROWS("01:00.0 1:1 038000 1 vfio-pci override=vfio-pci "
		     "framebuffer=efi-framebuffer.0/efifb"),
		(struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){0});
	assert_int_equal(sim.counts[SIM_RELEASE], 1);
	assert_int_equal(sim.counts[SIM_OVERRIDE] + sim.counts[SIM_PROBE], 0);
	scene_clear(&scene);
}

/* Where the driver's unbind hung in an earlier attempt. */
static void test_hangs(void **state)
{
	struct scene scene;
	struct sim sim;

	(void)state;
	begin(&scene, &sim, "01:00.0\n", ROWS(GPU EFIFB), (struct sim_traits){0});
	run(&scene, &sim, (struct sim_fault){SIM_RELEASE, 0, ETIMEDOUT, false});
	assert_true(sim.faults[0].hit);
	assert_int_equal(findings_count(&scene.findings, VERDICT_BOUND, "01:00.0"), 1);
	assert_contains(scene.findings.items[scene.findings.count - 1].text,
		"the driver did not let go");
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_release_is_last),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_second_run),
		cmocka_unit_test(test_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
