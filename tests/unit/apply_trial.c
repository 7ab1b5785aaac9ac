/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply_trial.h"

#include "apply/apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char *const kinds[SIM_KIND_COUNT] = {[SIM_OVERRIDE] = "override",
	[SIM_LOAD] = "load",
	[SIM_PRESENT] = "present",
	[SIM_UNBIND] = "unbind",
	[SIM_PROBE] = "probe",
	[SIM_BIND] = "bind",
	[SIM_READ] = "read",
	[SIM_RELEASE] = "release",
	[SIM_FRAMEBUFFER] = "framebuffer",
	[SIM_HOLD] = "hold",
	[SIM_POWER] = "power",
	[SIM_SETTLE] = "settle"};

void trial_begin(struct trial *trial, const struct situation *situation)
{
	*trial = (struct trial){.situation = situation};
	scene_plan(&trial->scene, situation->config, situation->rows);
	assert_true(trial->scene.plan.device_count > 0);
	assert_int_equal(
		findings_count(&trial->scene.findings, VERDICT_REFUSED, NULL), 0);
}

void trial_reset(struct trial *trial)
{
	sim_begin(&trial->sim, &trial->scene.machine, trial->situation->natives,
		&trial->situation->traits);
	trial->findings.count = 0;
	for (size_t i = 0; i < trial->scene.findings.count; i++)
		assert_int_equal(findings_append(&trial->findings,
					 &trial->scene.findings.items[i]),
			0);
}

void trial_apply(struct trial *trial)
{
	struct effects effects = sim_effects(&trial->sim);

	assert_int_equal(apply_plan(&trial->scene.plan, &effects, &trial->findings), 0);
}

void trial_end(struct trial *trial)
{
	findings_clear(&trial->findings);
	scene_clear(&trial->scene);
}

const struct finding *trial_verdict(
	const struct trial *trial, const struct sim_device *device)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < trial->findings.count; i++) {
		const struct finding *finding = &trial->findings.items[i];

		if (!finding->has_function || finding->verdict == VERDICT_NOTE ||
			pci_address_compare(&finding->address, &device->address) != 0)
			continue;
		check(trial, !found);
		found = finding;
	}
	return found;
}

static void explain(const struct trial *trial)
{
	const struct sim *sim = &trial->sim;

	print_error("situation: %s\n", trial->situation->name);
	for (unsigned i = 0; i < SIM_FAULTS_MAX; i++)
		if (sim->faults[i].error)
			print_error("fault: %s %u: %s\n", kinds[sim->faults[i].kind],
				sim->faults[i].index, strerror(sim->faults[i].error));
	if (sim->gone_at > 0)
		print_error("device %u %s before call %u\n", sim->gone_device,
			sim->returns ? "is plugged again" : "is gone", sim->gone_at);
	for (unsigned i = 0; i < sim->call_count; i++) {
		const struct sim_call *call = &sim->calls[i];
		const struct pci_address *address = &sim->devices[call->device].address;

		print_error("  %s %02x:%02x.%x \"%s\" = %d\n", kinds[call->kind],
			address->bus, address->device, address->function, call->text,
			call->result);
	}
	for (size_t i = 0; i < trial->findings.count; i++)
		print_error("  finding %s: %s\n",
			verdict_name(trial->findings.items[i].verdict),
			trial->findings.items[i].text);
}

void trial_fail(
	const struct trial *trial, const char *condition, const char *file, int line)
{
	explain(trial);
	print_error("%s\n", condition);
	_fail(file, line);
	__builtin_unreachable();
}
