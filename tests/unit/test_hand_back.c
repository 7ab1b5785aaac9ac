/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply/hand_back.h"

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

#define ON_VFIO  "01:00.0 8086:1533 020000 1 vfio-pci override=vfio-pci"
#define STRANGER "09:00.0 8086:1533 020000 9 igb"

static struct scene scene;
static struct sim sim;
static int user;           /* what find_user() returns */
static unsigned questions; /* how often it was asked */
static struct effects effects;

static int find_user(
	void *context, const struct pci_function *function, char out[HAND_BACK_USER_MAX])
{
	(void)context;
	(void)function;
	questions++;
	if (user > 0)
		snprintf(out, HAND_BACK_USER_MAX, "process 7 (qemu) has it open");
	return user;
}

/* As the kernel: afterwards it is a new device, without an override. */
static int rescan(void *context, const struct pci_address *address)
{
	struct sim_device *device = sim_device(context, address);

	device->override[0] = '\0';
	device->driver[0] = '\0';
	return effects.probe(context, address);
}

static void begin(const char *row, const char *native)
{
	const char *const natives[] = {native, "igb"};
	const struct sim_traits traits = {0};

	scene_select(&scene, "01:00.0\n", ROWS(row, STRANGER));
	sim_begin(&sim, &scene.machine, natives, &traits);
	effects = sim_effects(&sim);
	effects.rescan = rescan;
	user = 0;
	questions = 0;
	findings_clear(&scene.findings);
}

static const struct finding *run(bool dry, bool again)
{
	const struct hand_back how = {.effects = dry ? NULL : &effects,
		.rescan = again,
		.find_user = find_user};

	hand_back(&how, &scene.selection, &scene.findings);
	assert_int_equal(scene.findings.count, 1);
	assert_string_equal(sim.devices[1].driver, "igb");
	return &scene.findings.items[0];
}

static void check(const char *driver, const char *override)
{
	assert_string_equal(sim.devices[0].driver, driver);
	assert_string_equal(sim.devices[0].override, override);
	scene_clear(&scene);
}

static bool was_loaded(const char *name)
{
	for (unsigned i = 0; i < sim.call_count; i++)
		if (sim.calls[i].kind == SIM_LOAD && strcmp(sim.calls[i].text, name) == 0)
			return true;
	return false;
}

static void test_given_back(void **state)
{
	const struct finding *finding;

	(void)state;
	begin(ON_VFIO, "igb");
	finding = run(false, false);
	assert_int_equal(finding->verdict, VERDICT_RELEASED);
	assert_string_equal(finding->text, "given back to igb");
	assert_true(was_loaded("pci:v00008086d00001533sv00000000sd00000000bc02sc00i00"));
	check("igb", "");
}

/* Its driver may be a module that was never loaded since the boot took the device. */
static void test_no_native_driver(void **state)
{
	(void)state;
	begin(ON_VFIO, "");
	assert_string_equal(
		run(false, false)->text, "given back; no driver of the host wants it");
	check("", "");
	begin(ON_VFIO, "");
	sim.faults[0] = (struct sim_fault){.kind = SIM_LOAD, .error = ENOENT};
	assert_string_equal(
		run(false, false)->text, "given back; no driver of the host wants it");
	check("", "");
	begin(ON_VFIO, "");
	sim.faults[0] = (struct sim_fault){.kind = SIM_LOAD, .error = ECANCELED};
	assert_contains(run(false, false)->text, "no driver of the host has it: ");
	check("", "");
}

static void test_host_has_it(void **state)
{
	(void)state;
	begin("01:00.0 8086:1533 020000 1 igb", "igb");
	assert_int_equal(run(false, false)->verdict, VERDICT_ALREADY);
	assert_int_equal(sim.call_count, 0);
	check("igb", "");
	/* Only what would keep it from its driver at the next probe goes. */
	begin("01:00.0 8086:1533 020000 1 igb override=vfio-pci", "igb");
	assert_string_equal(run(false, false)->text, "given back to igb");
	assert_int_equal(sim.counts[SIM_UNBIND], 0);
	check("igb", "");
	begin("01:00.0 8086:1533 020000 1 - override=vfio-pci", "igb");
	assert_string_equal(run(false, false)->text, "given back to igb");
	check("igb", "");
	begin("01:00.0 8086:1533 020000 1 pci-stub override=pci-stub", "igb");
	assert_string_equal(run(false, false)->text, "given back to igb");
	check("igb", "");
}

static void test_in_use(void **state)
{
	const struct finding *finding;

	(void)state;
	begin(ON_VFIO, "igb");
	user = 1;
	finding = run(false, false);
	assert_int_equal(finding->verdict, VERDICT_REFUSED);
	assert_contains(finding->text, "process 7 (qemu) has it open; end that");
	assert_int_equal(sim.call_count, 0);
	check("vfio-pci", "vfio-pci");
	begin(ON_VFIO, "igb");
	user = -EACCES;
	assert_int_equal(run(false, false)->verdict, VERDICT_REFUSED);
	assert_int_equal(sim.call_count, 0);
	check("vfio-pci", "vfio-pci");
	/* Nobody can have one open that no VFIO driver has. */
	begin("01:00.0 8086:1533 020000 1 -", "igb");
	user = 1;
	assert_int_equal(run(false, false)->verdict, VERDICT_RELEASED);
	assert_int_equal(questions, 0);
	check("igb", "");
}

static void test_dry(void **state)
{
	const struct finding *finding;

	(void)state;
	begin(ON_VFIO, "igb");
	finding = run(true, false);
	assert_int_equal(finding->verdict, VERDICT_WOULD_RELEASE);
	assert_contains(finding->text, "would be taken from vfio-pci");
	assert_int_equal(sim.call_count, 0);
	check("vfio-pci", "vfio-pci");
	begin(ON_VFIO, "igb");
	user = 1;
	assert_int_equal(run(true, false)->verdict, VERDICT_REFUSED);
	check("vfio-pci", "vfio-pci");
	begin("01:00.0 8086:1533 020000 1 - override=vfio-pci", "igb");
	assert_contains(run(true, false)->text, "driver_override (vfio-pci) cleared");
	scene_clear(&scene);
}

static void test_rescan(void **state)
{
	(void)state;
	begin(ON_VFIO, "igb");
	assert_string_equal(run(false, true)->text, "given back to igb");
	check("igb", "");
}

static void test_taken_again(void **state)
{
	(void)state;
	begin(ON_VFIO, "vfio-pci"); /* as with ids= of the module */
	assert_int_equal(run(false, false)->verdict, VERDICT_FAILED);
	assert_contains(scene.findings.items[0].text, "vfio-pci took it again");
	scene_clear(&scene);
	begin(ON_VFIO, "igb");
	sim.traits.keeps_on = true;
	assert_contains(run(false, false)->text, "could not be taken from vfio-pci");
	check("vfio-pci", "");
}

/* Whatever fails is said, and with a way to hang nothing more is asked of the device. */
static void test_faults(void **state)
{
	static const enum sim_kind kinds[] = {
		SIM_OVERRIDE, SIM_UNBIND, SIM_LOAD, SIM_PROBE};
	static const int errors[] = {EIO, ETIMEDOUT};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (size_t j = 0; j < sizeof(errors) / sizeof(errors[0]); j++) {
			const struct finding *finding;

			begin(ON_VFIO, "igb");
			sim.faults[0] =
				(struct sim_fault){.kind = kinds[i], .error = errors[j]};
			finding = run(false, false);
			assert_true(sim.faults[0].hit);
			/* With the host's driver there already it is no matter. */
			if (kinds[i] == SIM_LOAD && errors[j] == EIO) {
				assert_int_equal(finding->verdict, VERDICT_RELEASED);
			} else {
				assert_int_equal(finding->verdict, VERDICT_FAILED);
				assert_contains(finding->text, ": ");
			}
			if (kinds[i] == SIM_OVERRIDE)
				assert_string_equal(sim.devices[0].driver, "vfio-pci");
			scene_clear(&scene);
		}
	}
}

static void test_unknown(void **state)
{
	(void)state;
	begin(ON_VFIO, "igb");
	scene.selection.items[0].function->unknown = -ETIMEDOUT;
	assert_int_equal(run(false, false)->verdict, VERDICT_FAILED);
	assert_int_equal(sim.call_count, 0);
	check("vfio-pci", "vfio-pci");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_no_native_driver),
		cmocka_unit_test(test_host_has_it),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_dry),
		cmocka_unit_test(test_rescan),
		cmocka_unit_test(test_taken_again),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
