/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply.h"

#include "core/errno_words.h"
#include "framebuffer_release.h"
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What became of one device of the plan. */
struct progress {
	int error; /* 0: nothing failed so far */
	enum step step;
};

struct run {
	const struct plan *plan;
	const struct effects *effects;
	struct findings *findings;
	struct progress *progress; /* one for each device of the plan */
};

static void fail(struct run *run, size_t device, enum step step, int error)
{
	struct progress *progress = &run->progress[device];

	if (progress->error)
		return;
	progress->step = step;
	progress->error = error;
}

static bool is_on_driver(const struct plan_device *device)
{
	return strcmp(device->function->driver, device->rule->driver) == 0;
}

static bool has_override(const struct plan_device *device)
{
	return strcmp(device->function->override, device->rule->driver) == 0;
}

/* The driver of a device, "" also where it cannot be found out. */
static void read_driver(const struct run *run, const struct plan_device *device,
	char out[DRIVER_NAME_MAX])
{
	if (run->effects->bound_driver(
		    run->effects->context, &device->function->address, out) < 0)
		out[0] = '\0';
}

static void do_hold(struct run *run, const struct pci_function *function)
{
	int r = run->effects->hold_vfs(run->effects->context, &function->address);

	if (r == 0)
		finding_add(run->findings, SEVERITY_INFO, VERDICT_NOTE, GUARD_NONE,
			function, NULL,
			"no driver is asked about its virtual functions from now on: "
			"they "
			"wait for vfio-early");
	else if (r == -ENOENT)
		finding_add(run->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			function, NULL, "cannot have virtual functions (no SR-IOV)");
	else if (r < 0)
		finding_add(run->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			function, NULL,
			"its virtual functions may be taken by a driver that is loaded "
			"when they appear: %s",
			errno_words(STEP_OVERRIDE, r));
}

static void set_power(
	struct run *run, const struct plan_device *device, enum power_step step)
{
	int r;

	if (!device->rule->d3_off)
		return;
	r = run->effects->power(run->effects->context, &device->function->address, step);
	if (r < 0 && step == POWER_ON)
		finding_add(run->findings, SEVERITY_WARNING, VERDICT_NOTE, GUARD_NONE,
			device->function, device->rule,
			"it may sleep in spite of d3=off: %s",
			errno_words(STEP_OVERRIDE, r));
}

static void do_override(struct run *run, size_t index)
{
	const struct plan_device *device = &run->plan->devices[index];
	int r = run->effects->override(
		run->effects->context, &device->function->address, device->rule->driver);

	if (r < 0)
		fail(run, index, STEP_OVERRIDE, r);
	else
		set_power(run, device, POWER_NEVER_D3COLD);
}

/* Whether a device waits for this driver: not those that are on it already. */
static bool needs_driver(const struct run *run, size_t index, const char *driver)
{
	const struct plan_device *device = &run->plan->devices[index];

	return run->progress[index].error == 0 && !is_on_driver(device) &&
	       strcmp(device->rule->driver, driver) == 0;
}

static bool anyone_needs(const struct run *run, const char *driver)
{
	for (size_t i = 0; i < run->plan->device_count; i++)
		if (needs_driver(run, i, driver))
			return true;
	return false;
}

static bool anyone_left(const struct run *run)
{
	for (size_t i = 0; i < run->plan->device_count; i++)
		if (run->progress[i].error == 0)
			return true;
	return false;
}

static int load_driver(const struct run *run, const char *driver)
{
	const struct effects *effects = run->effects;
	int r;

	if (effects->driver_present(effects->context, driver))
		return 0;
	r = effects->load(effects->context, driver);
	if (effects->driver_present(effects->context, driver))
		return 0;
	return r < 0 ? r : -ENXIO;
}

static void do_load(struct run *run, const struct operation *operation)
{
	const char *driver = run->plan->devices[operation->device].rule->driver;
	int r;

	if (operation->module) {
		if (!anyone_left(run))
			return;
		r = run->effects->load(run->effects->context, operation->module);
		if (r < 0)
			finding_add(run->findings, SEVERITY_WARNING, VERDICT_NOTE,
				GUARD_NONE, NULL, NULL,
				"module %s could not be loaded, and virtual machines "
				"need it: "
				"%s",
				operation->module, errno_words(STEP_LOAD, r));
		return;
	}
	if (!anyone_needs(run, driver))
		return;
	r = load_driver(run, driver);
	for (size_t i = 0; r < 0 && i < run->plan->device_count; i++)
		if (needs_driver(run, i, driver))
			fail(run, i, STEP_LOAD, r);
}

static void do_unbind(struct run *run, size_t index)
{
	const struct plan_device *device = &run->plan->devices[index];
	const struct pci_function *function = device->function;
	char driver[DRIVER_NAME_MAX];
	int r = run->effects->unbind(
		run->effects->context, &function->address, function->driver);

	if (r < 0 && r != -ENODEV) {
		fail(run, index, STEP_UNBIND, r);
		return;
	}
	read_driver(run, device, driver);
	if (strcmp(driver, function->driver) == 0)
		fail(run, index, STEP_UNBIND, -EBUSY);
}

static void do_probe(struct run *run, size_t index)
{
	const struct plan_device *device = &run->plan->devices[index];

	/* What came of it is read back in verify(). */
	(void)run->effects->probe(run->effects->context, &device->function->address);
}

static void perform(struct run *run)
{
	for (size_t i = 0; i < run->plan->operation_count; i++) {
		const struct operation *operation = &run->plan->operations[i];

		if (operation->kind == OPERATION_LOAD) {
			do_load(run, operation);
			continue;
		}
		if (operation->kind == OPERATION_HOLD) {
			do_hold(run, operation->function);
			continue;
		}
		if (run->progress[operation->device].error)
			continue;
		switch (operation->kind) {
		case OPERATION_OVERRIDE:
			do_override(run, operation->device);
			break;
		case OPERATION_UNBIND:
			do_unbind(run, operation->device);
			break;
		case OPERATION_PROBE:
			do_probe(run, operation->device);
			break;
		case OPERATION_LOAD:
		case OPERATION_RELEASE: /* once the drivers have been read back */
		case OPERATION_HOLD:
			break;
		}
	}
}

/* Reads the driver back; asks DRIVER/bind for the errno where it is not the wanted one.
 */
static void verify(struct run *run, size_t index)
{
	const struct plan_device *device = &run->plan->devices[index];
	const struct effects *effects = run->effects;
	char driver[DRIVER_NAME_MAX];
	int r;

	read_driver(run, device, driver);
	if (strcmp(driver, device->rule->driver) == 0)
		return;
	if (driver[0]) {
		fail(run, index, STEP_BIND, -EBUSY);
		return;
	}
	r = effects->bind(
		effects->context, &device->function->address, device->rule->driver);
	read_driver(run, device, driver);
	if (strcmp(driver, device->rule->driver) != 0)
		fail(run, index, STEP_BIND, r < 0 ? r : -ENODEV);
}

/*
 * Puts driver_override back to what it was, and lets the host's drivers have the device.
 * Says in words what came of it.
 */
static void give_back(
	const struct run *run, const struct plan_device *device, char words[REASON_MAX])
{
	const struct effects *effects = run->effects;
	const struct pci_function *function = device->function;
	const char *before = pci_override_before(function);
	char driver[DRIVER_NAME_MAX];
	int r;

	if (strcmp(before, device->rule->driver) == 0)
		before = "";
	r = effects->override(effects->context, &function->address, before);
	if (r < 0) {
		snprintf(words, REASON_MAX,
			"driver_override could not be cleared either (%s), so no other "
			"driver "
			"can have it",
			errno_words(STEP_OVERRIDE, r));
		return;
	}
	read_driver(run, device, driver);
	r = driver[0] ? 0 : effects->probe(effects->context, &function->address);
	read_driver(run, device, driver);
	if (r < 0 && !driver[0]) {
		snprintf(words, REASON_MAX,
			"its override is cleared, but the host's drivers could not be "
			"asked "
			"again: %s",
			errno_words(STEP_OVERRIDE, r));
		return;
	}
	snprintf(words, REASON_MAX, "given back to %s", driver[0] ? driver : "the host");
}

static void report_failure(struct run *run, size_t index)
{
	const struct plan_device *device = &run->plan->devices[index];
	const struct progress *progress = &run->progress[index];
	char what[REASON_MAX], words[REASON_MAX];

	set_power(run, device, POWER_AS_USUAL);
	give_back(run, device, words);
	outcome_step_words(device, progress->step, what);
	finding_add(run->findings, SEVERITY_ERROR, VERDICT_FAILED, GUARD_NONE,
		device->function, device->rule, "failed: %s: %s; %s", what,
		errno_words(progress->step, progress->error), words);
}

static void release(struct run *run)
{
	for (size_t i = 0; i < run->plan->operation_count; i++) {
		const struct operation *operation = &run->plan->operations[i];

		if (operation->kind == OPERATION_RELEASE &&
			run->progress[operation->device].error == 0)
			framebuffer_release(&run->plan->devices[operation->device],
				run->effects, run->findings);
	}
}

int apply_plan(
	const struct plan *plan, const struct effects *effects, struct findings *findings)
{
	struct run run = {.plan = plan, .effects = effects, .findings = findings};

	run.progress = calloc(plan->device_count + 1, sizeof(*run.progress));
	if (!run.progress)
		return -ENOMEM;
	perform(&run);
	for (size_t i = 0; i < plan->device_count; i++)
		if (run.progress[i].error == 0 && !outcome_was_right(&plan->devices[i]))
			verify(&run, i);
	for (size_t i = 0; i < plan->device_count; i++) {
		if (run.progress[i].error) {
			report_failure(&run, i);
			continue;
		}
		set_power(&run, &plan->devices[i], POWER_ON);
		outcome_add_bound(&plan->devices[i], findings);
	}
	release(&run);
	free(run.progress);
	return 0;
}

void apply_give_back(
	const struct plan *plan, const struct effects *effects, struct findings *findings)
{
	struct run run = {.plan = plan, .effects = effects, .findings = findings};

	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];
		char words[REASON_MAX];

		if (is_on_driver(device) && has_override(device)) {
			outcome_add_bound(device, findings);
			continue;
		}
		if (is_on_driver(device))
			snprintf(words, sizeof(words),
				"it stays on %s, without driver_override",
				device->rule->driver);
		else
			give_back(&run, device, words);
		finding_add(findings, SEVERITY_ERROR, VERDICT_FAILED, GUARD_NONE,
			device->function, device->rule,
			"failed: the run that was to take it died; %s", words);
	}
}

static bool is_planned(const struct plan *plan, const struct pci_function *function)
{
	for (size_t i = 0; i < plan->device_count; i++)
		if (plan->devices[i].function == function)
			return true;
	return false;
}

void apply_put_back(const struct selection *selection, const struct plan *plan,
	const struct effects *effects, struct findings *findings)
{
	struct run run = {.plan = plan, .effects = effects, .findings = findings};

	for (size_t i = 0; i < selection->count; i++) {
		const struct wanted *wanted = &selection->items[i];
		const struct plan_device device = {wanted->function, wanted->rule};
		char words[REASON_MAX];

		if (!wanted->function->past || wanted->function->unknown ||
			is_planned(plan, wanted->function))
			continue;
		give_back(&run, &device, words);
		finding_add(findings, SEVERITY_NOTICE, VERDICT_NOTE, GUARD_NONE,
			wanted->function, wanted->rule,
			"its driver_override of the attempt before is taken back; %s",
			words);
	}
}
