/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void set(char out[DRIVER_NAME_MAX], const char *text)
{
	snprintf(out, DRIVER_NAME_MAX, "%s", text);
}

bool sim_is_registered(const struct sim *sim, const char *driver)
{
	for (unsigned i = 0; i < sim->registered_count; i++)
		if (strcmp(sim->registered[i], driver) == 0)
			return true;
	return false;
}

static void add_driver(struct sim *sim, const char *driver)
{
	if (!*driver || sim_is_registered(sim, driver))
		return;
	assert_true(sim->registered_count < SIM_DRIVERS_MAX);
	set(sim->registered[sim->registered_count++], driver);
}

void sim_begin(struct sim *sim, const struct machine *machine,
	const char *const natives[], const struct sim_traits *traits)
{
	*sim = (struct sim){.traits = *traits};
	sim->framebuffer = machine->framebuffer;
	assert_true(machine->count <= SIM_DEVICES_MAX);
	for (unsigned i = 0; i < machine->count; i++) {
		const struct pci_function *function = &machine->functions[i];
		struct sim_device *device = &sim->devices[sim->device_count++];

		device->address = function->address;
		set(device->override, function->override);
		set(device->driver, function->driver);
		device->native = natives[i];
		device->boot_display = function->boot_display;
		add_driver(sim, function->driver);
		add_driver(sim, natives[i]);
	}
}

struct sim_device *sim_device(struct sim *sim, const struct pci_address *address)
{
	for (unsigned i = 0; i < sim->device_count; i++)
		if (pci_address_compare(&sim->devices[i].address, address) == 0)
			return &sim->devices[i];
	return NULL;
}

/* What device_attach() does: 0 also where nothing was bound. */
static void attach(struct sim *sim, struct sim_device *device)
{
	const char *driver = *device->override ? device->override : device->native;

	if (device->gone || *device->driver || !*driver ||
		!sim_is_registered(sim, driver))
		return;
	if (strcmp(driver, device->native) != 0 && sim->traits.refuse)
		return;
	set(device->driver, driver);
	if (device->boot_display && sim->traits.evicts)
		sim->framebuffer = (struct boot_framebuffer){0};
}

/* The driver is registered, and its devices get it, until one does not come back. */
static void hang_in_load(struct sim *sim, const char *module)
{
	unsigned taken = 0;

	set(sim->hung_module, module);
	if (strcmp(module, "vfio_iommu_type1") == 0)
		return;
	add_driver(sim, module);
	for (unsigned i = 0; i < sim->device_count; i++) {
		struct sim_device *device = &sim->devices[i];

		if (strcmp(device->override, module) != 0 || *device->driver)
			continue;
		attach(sim, device);
		if (taken++ == sim->cut_device) {
			device->stuck = true;
			return;
		}
	}
}

/* The kernel unlinks a driver before its remove() and links it before its probe(). */
static void hang(
	struct sim *sim, enum sim_kind kind, struct sim_device *device, const char *text)
{
	if (kind == SIM_LOAD) {
		hang_in_load(sim, text);
		return;
	}
	if (!device || kind == SIM_READ)
		return;
	if (kind == SIM_UNBIND)
		device->driver[0] = '\0';
	if (kind == SIM_PROBE || kind == SIM_BIND)
		attach(sim, device);
	device->stuck = true;
}

static void remove_device(struct sim *sim, struct sim_device *device)
{
	device->driver[0] = '\0';
	device->override[0] = '\0';
	device->gone = !sim->returns;
	if (sim->returns)
		attach(sim, device);
}

/* What the kernel says where the device's folder is not there. */
static int error_of_gone(enum sim_kind kind)
{
	return kind == SIM_UNBIND || kind == SIM_PROBE || kind == SIM_BIND ||
			       kind == SIM_SETTLE
		       ? -ENODEV
		       : -ENOENT;
}

/* Writes the call down; returns its error, or 0 where it is to be carried out. */
static int record(
	struct sim *sim, enum sim_kind kind, struct sim_device *device, const char *text)
{
	unsigned index = sim->counts[kind]++;
	struct sim_call *call = &sim->calls[sim->call_count];

	assert_true(sim->call_count < SIM_CALLS_MAX);
	sim->call_count++;
	*call = (struct sim_call){.kind = kind};
	set(call->text, text);
	if (device) {
		call->device = (unsigned)(device - sim->devices);
		call->awaited = sim_is_registered(sim, device->override);
	}
	if (sim->cut != SIM_CUT_NONE && sim->call_count == sim->cut_at) {
		sim->cut_call = call;
		if (sim->cut == SIM_CUT_HANGS)
			hang(sim, kind, device, text);
		_exit(0);
	}
	if (kind == SIM_LOAD && strcmp(sim->hung_module, text) == 0)
		call->result = -ETIMEDOUT;
	if (sim->call_count == sim->gone_at)
		remove_device(sim, &sim->devices[sim->gone_device]);
	if (device && device->gone && kind != SIM_READ)
		call->result = error_of_gone(kind);
	if (device && device->stuck && kind != SIM_READ)
		call->result = -ETIMEDOUT;
	for (unsigned i = 0; i < SIM_FAULTS_MAX; i++) {
		struct sim_fault *fault = &sim->faults[i];

		if (fault->error == 0 || fault->kind != kind || fault->index != index)
			continue;
		fault->hit = true;
		if (call->result == 0)
			call->result = -fault->error;
	}
	if (device && call->result == -ETIMEDOUT)
		device->stuck = true;
	return call->result;
}

/* The result of the last call written down. */
static int result(struct sim *sim, int r)
{
	sim->calls[sim->call_count - 1].result = r;
	return r;
}

static struct sim_device *known(struct sim *sim, const struct pci_address *address)
{
	struct sim_device *device = sim_device(sim, address);

	assert_non_null(device);
	return device;
}

static int sim_override(
	void *context, const struct pci_address *address, const char *driver)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r;

	if (sim->traits.grab && *driver && !*device->override)
		attach(sim, device);
	r = record(sim, SIM_OVERRIDE, device, driver);
	if (r == 0)
		set(device->override, driver);
	return r;
}

static int sim_load(void *context, const char *module)
{
	struct sim *sim = context;
	int r = record(sim, SIM_LOAD, NULL, module);

	if (r < 0 || sim->traits.load_is_empty || strcmp(module, "vfio_iommu_type1") == 0)
		return r;
	add_driver(sim, module);
	for (unsigned i = 0; i < sim->device_count; i++)
		if (strcmp(sim->devices[i].override, module) == 0)
			attach(sim, &sim->devices[i]);
	return 0;
}

static bool sim_present(void *context, const char *driver)
{
	struct sim *sim = context;

	return record(sim, SIM_PRESENT, NULL, driver) == 0 &&
	       sim_is_registered(sim, driver);
}

static int sim_unbind(
	void *context, const struct pci_address *address, const char *driver)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_UNBIND, device, driver);

	if (r < 0)
		return r;
	if (strcmp(device->driver, driver) != 0)
		return result(sim, -ENODEV);
	if (!sim->traits.keeps_on)
		device->driver[0] = '\0';
	return 0;
}

static int sim_probe(void *context, const struct pci_address *address)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_PROBE, device, "");

	if (r == 0)
		attach(sim, device);
	return r;
}

/* Always after it is known which devices hang. */
static int sim_settle(void *context, const struct pci_address *address)
{
	struct sim *sim = context;

	return record(sim, SIM_SETTLE, known(sim, address), "");
}

static int sim_bind(void *context, const struct pci_address *address, const char *driver)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_BIND, device, driver);

	if (r < 0)
		return r;
	if (!sim_is_registered(sim, driver))
		return result(sim, -ENOENT);
	if (*device->driver)
		return result(sim, -EBUSY);
	if (strcmp(device->override, driver) != 0)
		return result(sim, -ENODEV);
	attach(sim, device);
	return result(sim, *device->driver ? 0 : -sim->traits.refuse);
}

static int sim_bound_driver(
	void *context, const struct pci_address *address, char out[DRIVER_NAME_MAX])
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_READ, device, "");

	if (r == 0)
		set(out, device->driver);
	return r;
}

/* The claim of the device itself outlives its driver. */
static int sim_release(void *context, const char *device)
{
	struct sim *sim = context;
	int r = record(sim, SIM_RELEASE, NULL, device);

	if (r < 0)
		return r;
	if (strcmp(sim->framebuffer.device, device) != 0)
		return result(sim, -ENODEV);
	if (sim->traits.clings)
		return 0;
	sim->framebuffer.device[0] = '\0';
	if (strcmp(sim->framebuffer.claim, "BOOTFB") != 0)
		sim->framebuffer.claim[0] = '\0';
	return 0;
}

static int sim_framebuffer(void *context, struct boot_framebuffer *ret_framebuffer)
{
	struct sim *sim = context;
	int r = record(sim, SIM_FRAMEBUFFER, NULL, "");

	if (r == 0)
		*ret_framebuffer = sim->framebuffer;
	return r;
}

static int sim_hold_vfs(void *context, const struct pci_address *address)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_HOLD, device, "");

	if (r == 0)
		device->holds_vfs = true;
	return r;
}

static int sim_power(
	void *context, const struct pci_address *address, enum power_step step)
{
	struct sim *sim = context;
	struct sim_device *device = known(sim, address);
	int r = record(sim, SIM_POWER, device, "");

	if (r < 0)
		return r;
	switch (step) {
	case POWER_NEVER_D3COLD:
		device->never_d3cold = true;
		break;
	case POWER_ON:
		/* vfio-pci itself undoes what is written before. */
		device->awake = strcmp(device->driver, "vfio-pci") == 0;
		break;
	case POWER_AS_USUAL:
		device->never_d3cold = false;
		break;
	}
	return 0;
}

struct effects sim_effects(struct sim *sim)
{
	return (struct effects){
		.context = sim,
		.override = sim_override,
		.load = sim_load,
		.driver_present = sim_present,
		.unbind = sim_unbind,
		.probe = sim_probe,
		.settle = sim_settle,
		.bind = sim_bind,
		.release = sim_release,
		.framebuffer = sim_framebuffer,
		.bound_driver = sim_bound_driver,
		.hold_vfs = sim_hold_vfs,
		.power = sim_power,
	};
}
