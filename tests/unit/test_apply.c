/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ERRORS_MAX 16

/* What the kernel gives for each call; a list ends with 0. */
static const int errors[SIM_KIND_COUNT][ERRORS_MAX] = {
	[SIM_OVERRIDE] = {EINVAL, ENODEV, ENOENT, ENOMEM, EROFS, EACCES, EIO, ETIMEDOUT},
	[SIM_LOAD] = {EKEYREJECTED, EPERM, ENOENT, ENOEXEC, EINVAL, ENOSYS, EBUSY, ENODEV,
		ENOMEM, ECANCELED, EACCES, ENOKEY, ETIMEDOUT},
	[SIM_PRESENT] = {ENOENT},
	[SIM_UNBIND] = {ENODEV, ENOENT, EBUSY, EROFS, EACCES, ETIMEDOUT},
	[SIM_PROBE] = {ENODEV, EINVAL, ENOENT, ENOMEM, EROFS, EACCES, ETIMEDOUT},
	[SIM_BIND] = {EINVAL, EBUSY, ENODEV, ENOENT, ENOMEM, ENOTTY, EROFS, EPERM,
		ETIMEDOUT},
	[SIM_READ] = {ENOENT, EACCES, ENOMEM},
	[SIM_RELEASE] = {ENODEV, ENOENT, EROFS, EACCES, ETIMEDOUT},
	[SIM_FRAMEBUFFER] = {EACCES, ENOMEM},
	[SIM_HOLD] = {ENOENT, EACCES, ETIMEDOUT},
	[SIM_POWER] = {ENOENT, EACCES},
};

static const struct plan_device *planned(
	const struct trial *trial, const struct sim_device *device)
{
	for (size_t i = 0; i < trial->scene.plan.device_count; i++) {
		const struct plan_device *candidate = &trial->scene.plan.devices[i];

		if (pci_address_compare(
			    &candidate->function->address, &device->address) == 0)
			return candidate;
	}
	return NULL;
}

/*
 * Overrides, loads, unbinds, probes, binds; then only giving back, and at the very end
 * the release. Nothing is taken from
 * its driver before the one that is to have it is there.
 */
static void check_order(const struct trial *trial)
{
	static const int ranks[SIM_KIND_COUNT] = {[SIM_OVERRIDE] = 1,
		[SIM_LOAD] = 2,
		[SIM_UNBIND] = 3,
		[SIM_PROBE] = 4,
		[SIM_BIND] = 5,
		[SIM_RELEASE] = 6};
	bool giving_back = false;
	int rank = 0;

	for (unsigned i = 0; i < trial->sim.call_count; i++) {
		const struct sim_call *call = &trial->sim.calls[i];
		const struct plan_device *device =
			planned(trial, &trial->sim.devices[call->device]);

		if (call->kind == SIM_PRESENT || call->kind == SIM_READ ||
			call->kind == SIM_FRAMEBUFFER || call->kind == SIM_POWER ||
			call->kind == SIM_HOLD)
			continue;
		if (call->kind == SIM_OVERRIDE &&
			strcmp(call->text, device->rule->driver))
			giving_back = true;
		if (giving_back && call->kind != SIM_RELEASE) {
			check(trial,
				call->kind == SIM_OVERRIDE || call->kind == SIM_PROBE);
			continue;
		}
		check(trial, call->kind != SIM_UNBIND || call->awaited);
		check(trial, ranks[call->kind] >= rank);
		rank = ranks[call->kind];
	}
}

/* Nothing but planned devices, their drivers and what VFIO needs. */
static void check_scope(const struct trial *trial)
{
	for (unsigned i = 0; i < trial->sim.call_count; i++) {
		const struct sim_call *call = &trial->sim.calls[i];

		if (call->kind == SIM_LOAD)
			check(trial, strcmp(call->text, "vfio-pci") == 0 ||
					     strcmp(call->text, "pci-stub") == 0 ||
					     strcmp(call->text, "vfio_iommu_type1") == 0);
		else if (call->kind == SIM_HOLD)
			check(trial, trial->sim.devices[call->device].address.bus == 9 &&
					     trial->scene.selection.held_count == 1);
		else if (call->kind == SIM_POWER)
			check(trial, planned(trial, &trial->sim.devices[call->device])
					     ->rule->d3_off);
		else if (call->kind != SIM_PRESENT && call->kind != SIM_RELEASE &&
			 call->kind != SIM_FRAMEBUFFER)
			check(trial, planned(trial, &trial->sim.devices[call->device]));
	}
	for (unsigned i = 0; i < trial->sim.device_count; i++) {
		const struct sim_device *device = &trial->sim.devices[i];
		const struct pci_function *before = &trial->scene.machine.functions[i];

		if (planned(trial, device))
			continue;
		check(trial, strcmp(device->driver, before->driver) == 0);
		check(trial, strcmp(device->override, before->override) == 0);
	}
}

static const struct sim_device *boot_display(const struct trial *trial)
{
	for (unsigned i = 0; i < trial->sim.device_count; i++)
		if (trial->sim.devices[i].boot_display)
			return &trial->sim.devices[i];
	return NULL;
}

/*
 * Released only for a display that VFIO was given, and never in vain; and where it still
 * is in the way, or that is not known, the user is told.
 */
static void check_framebuffer(const struct trial *trial)
{
	const struct sim_device *display = boot_display(trial);
	bool on_vfio = display && planned(trial, display) &&
		       trial_verdict(trial, display)->verdict != VERDICT_FAILED;
	bool in_the_way = on_vfio && trial->sim.framebuffer.claim[0];
	bool told = false, unknown = false;

	for (size_t i = 0; i < trial->findings.count; i++) {
		const char *text = trial->findings.items[i].text;

		told |= strstr(text, "no virtual machine can map") != NULL;
		unknown |= strstr(text, "could not be looked for") != NULL;
	}
	check(trial, told == in_the_way || unknown);
	check(trial, !unknown || trial->sim.counts[SIM_FRAMEBUFFER] > 0);
	if (trial->sim.counts[SIM_RELEASE] == 0)
		return;
	check(trial, on_vfio);
	check(trial, trial->sim.counts[SIM_RELEASE] == 1);
	check(trial, strcmp(trial->sim.framebuffer.claim, "BOOTFB") != 0);
	check(trial, planned(trial, display)->rule->framebuffer == FRAMEBUFFER_RELEASE);
}

/* The last override that was tried, and whether a probe came after it. */
static void last_of(const struct trial *trial, unsigned device,
	const struct sim_call **ret_override, bool *ret_probed)
{
	*ret_override = NULL;
	*ret_probed = false;
	for (unsigned i = 0; i < trial->sim.call_count; i++) {
		const struct sim_call *call = &trial->sim.calls[i];

		if (call->device != device)
			continue;
		if (call->kind == SIM_OVERRIDE) {
			*ret_override = call;
			*ret_probed = false;
		}
		*ret_probed |= call->kind == SIM_PROBE;
	}
}

static void check_device(const struct trial *trial, unsigned index)
{
	const struct sim_device *device = &trial->sim.devices[index];
	const struct plan_device *plan = planned(trial, device);
	const struct finding *finding;
	const char *driver = plan->rule->driver, *before = plan->function->override;
	const struct sim_call *override;
	bool probed;

	finding = trial_verdict(trial, device);
	check(trial, finding);
	if (finding->verdict == VERDICT_BOUND || finding->verdict == VERDICT_ALREADY) {
		check(trial, strcmp(device->driver, driver) == 0);
		check(trial, strcmp(device->override, driver) == 0);
		check(trial,
			device->awake == plan->rule->d3_off ||
				findings_count(&trial->findings, VERDICT_NOTE, NULL));
		return;
	}
	check(trial, finding->verdict == VERDICT_FAILED);
	last_of(trial, index, &override, &probed);
	check(trial, override);
	if (override->result < 0) {
		check(trial, strstr(finding->text, "driver_override"));
		return;
	}
	if (strcmp(before, driver) == 0)
		before = "";
	check(trial, strcmp(device->override, before) == 0);
	check(trial, probed || device->driver[0]);
	check(trial, !device->never_d3cold || trial->sim.counts[SIM_POWER] > 1);
}

static void trial_run(struct trial *trial, const struct sim_fault faults[SIM_FAULTS_MAX])
{
	trial_reset(trial);
	for (unsigned i = 0; faults && i < SIM_FAULTS_MAX; i++)
		trial->sim.faults[i] = faults[i];
	trial_apply(trial);
	check_order(trial);
	check_scope(trial);
	check_framebuffer(trial);
	for (unsigned i = 0; i < trial->sim.device_count; i++)
		if (planned(trial, &trial->sim.devices[i]))
			check_device(trial, i);
}

/*
 * Each fault from the table in turn at SLOT, each call index until the run no longer gets
 * that far; below it again for the next slot. Returns the number of runs with all slots
 * hit.
 */
static unsigned each_fault(struct trial *trial, struct sim_fault faults[SIM_FAULTS_MAX],
	unsigned slot, unsigned slots)
{
	unsigned runs = 0;

	for (enum sim_kind kind = 0; kind < SIM_KIND_COUNT; kind++) {
		for (unsigned e = 0; errors[kind][e]; e++) {
			for (unsigned index = 0;; index++) {
				faults[slot] = (struct sim_fault){
					kind, index, errors[kind][e], false};
				trial_run(trial, faults);
				if (!trial->sim.faults[slot].hit)
					break;
				runs++;
				if (slot + 1 < slots)
					runs += each_fault(
						trial, faults, slot + 1, slots);
			}
			faults[slot] = (struct sim_fault){0};
		}
	}
	return runs;
}

static unsigned every_situation(unsigned slots)
{
	unsigned runs = 0;

	for (size_t i = 0; i < SITUATIONS; i++) {
		struct sim_fault faults[SIM_FAULTS_MAX] = {0};
		struct trial trial;

		trial_begin(&trial, &situations[i]);
		runs += each_fault(&trial, faults, 0, slots);
		trial_end(&trial);
	}
	return runs;
}

static void test_every_fault(void **state)
{
	(void)state;
	assert_true(every_situation(1) > 500);
}

static void test_every_pair(void **state)
{
	(void)state;
	assert_true(every_situation(2) > 50000);
}

static void drivers_text(const struct trial *trial, char *out, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i < trial->sim.device_count; i++) {
		const char *driver = trial->sim.devices[i].driver;

		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
			*driver ? driver : "-");
		assert_true(used < size);
	}
}

static void test_without_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < SITUATIONS; i++) {
		struct trial trial;
		char drivers[128];

		trial_begin(&trial, &situations[i]);
		trial_run(&trial, NULL);
		drivers_text(&trial, drivers, sizeof(drivers));
		check(&trial, strcmp(drivers, situations[i].after) == 0);
		trial_end(&trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_faults),
		cmocka_unit_test(test_every_fault),
		cmocka_unit_test(test_every_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
