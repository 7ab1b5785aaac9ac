/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run whose first attempt ends in the middle of any of its calls, because it dies or
 * the call never returns: what the next attempt makes of it and says, and what is said
 * where there is no time for a next one.
 */
#include "apply/apply.h"
#include "apply/hung_load.h"
#include "apply/journal.h"

#include "apply_situations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANG_SECONDS 240

/* What outlives an attempt. */
struct world {
	struct sim sim;
	struct watch watch;
};

struct trial {
	const struct situation *situation;
	enum sim_cut cut;
	unsigned cut_at;
	struct world *world;
	struct journal *journal;
};

static void *shared(size_t size)
{
	void *memory = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static void explain(const struct trial *trial, const struct findings *findings)
{
	static const char *const kinds[SIM_KIND_COUNT] = {"override", "load", "present",
		"unbind", "probe", "bind", "read", "release", "framebuffer", "hold",
		"power", "settle"};
	const struct sim *sim = &trial->world->sim;

	print_error("situation: %s; the attempt %s in call %u\n", trial->situation->name,
		trial->cut == SIM_CUT_DIES ? "dies" : "hangs", trial->cut_at);
	for (unsigned i = 0; i < sim->call_count; i++)
		print_error("  %s %02x \"%s\" = %d\n", kinds[sim->calls[i].kind],
			sim->devices[sim->calls[i].device].address.bus,
			sim->calls[i].text, sim->calls[i].result);
	for (unsigned i = 0; i < sim->device_count; i++)
		print_error("  device %02x: driver %s, override %s%s\n",
			sim->devices[i].address.bus, sim->devices[i].driver,
			sim->devices[i].override, sim->devices[i].stuck ? ", stuck" : "");
	for (size_t i = 0; i < findings->count; i++)
		print_error("  finding %s: %s\n",
			verdict_name(findings->items[i].verdict),
			findings->items[i].text);
}

#define check(trial, findings, condition)                                                \
	do {                                                                             \
		if (!(condition)) {                                                      \
			explain(trial, findings);                                        \
			fail_msg("%s", #condition);                                      \
		}                                                                        \
	} while (0)

/* What a scan finds now. */
static void look(const struct trial *trial, struct scene *scene)
{
	for (size_t i = 0; i < scene->machine.count; i++) {
		struct pci_function *function = &scene->machine.functions[i];
		const struct sim_device *device = &trial->world->sim.devices[i];

		memcpy(function->driver, device->driver, sizeof(function->driver));
		memcpy(function->override, device->override, sizeof(function->override));
	}
}

/* As scan_wanted() does where the watch knows the device. */
static void pass_over_stuck(const struct trial *trial, struct scene *scene)
{
	for (size_t i = 0; i < scene->selection.count; i++) {
		struct pci_function *function = scene->selection.items[i].function;

		if (sim_device(&trial->world->sim, &function->address)->stuck)
			function->unknown = -ETIMEDOUT;
	}
}

/* One attempt as boot_run() makes it. */
static void attempt(const struct trial *trial, struct findings *ret_findings)
{
	struct effects effects = sim_effects(&trial->world->sim);
	struct report report = {.version = "1", .seen = 7};
	struct scene scene;

	scene_select(&scene, trial->situation->config, trial->situation->rows);
	look(trial, &scene);
	hung_load_ask(&trial->world->watch, &effects, &scene.selection);
	pass_over_stuck(trial, &scene);
	journal_recall(trial->journal, &scene.selection);
	report.findings = scene.findings;
	scene.findings = (struct findings){0};
	assert_int_equal(plan_make(&scene.machine, &scene.selection, &scene.plan,
				 &report.findings),
		0);
	journal_keep(trial->journal, &scene.plan, &report);
	apply_put_back(&scene.selection, &scene.plan, &effects, &report.findings);
	if (trial->world->watch.crashes >= 2)
		apply_give_back(&scene.plan, &effects, &report.findings);
	else
		assert_int_equal(apply_plan(&scene.plan, &effects, &report.findings), 0);
	*ret_findings = report.findings;
	scene_clear(&scene);
}

/* What the watch writes down about the call that hung. */
static void note_hung(struct world *world)
{
	static const enum call_kind kinds[SIM_KIND_COUNT] = {
		[SIM_OVERRIDE] = CALL_OVERRIDE,
		[SIM_LOAD] = CALL_LOAD,
		[SIM_UNBIND] = CALL_UNBIND,
		[SIM_PROBE] = CALL_PROBE,
		[SIM_BIND] = CALL_BIND,
		[SIM_RELEASE] = CALL_RELEASE,
		[SIM_HOLD] = CALL_SET,
		[SIM_POWER] = CALL_SET,
	};
	const struct sim_call *call = world->sim.cut_call;
	struct call *hung = &world->watch.hung[world->watch.hung_count++];

	*hung = (struct call){.kind = kinds[call->kind],
		.address = world->sim.devices[call->device].address};
	memcpy(hung->name, call->text, sizeof(hung->name));
}

/* Calls that only read links of sysfs wait for nothing. */
static bool can_hang(enum sim_kind kind)
{
	return kind != SIM_READ && kind != SIM_PRESENT && kind != SIM_FRAMEBUFFER;
}

/* An attempt that ends in its call number AT; false where it has fewer. */
static bool cut_attempt(struct trial *trial, unsigned at)
{
	struct sim *sim = &trial->world->sim;
	pid_t pid;

	sim->cut = trial->cut;
	sim->cut_at = sim->call_count + at;
	sim->cut_call = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct findings findings;

		attempt(trial, &findings);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	sim->cut = SIM_CUT_NONE;
	if (!sim->cut_call)
		return false;
	if (trial->cut == SIM_CUT_HANGS)
		note_hung(trial->world);
	else
		trial->world->watch.crashes++;
	return true;
}

static const struct finding *verdict_of(const struct trial *trial,
	const struct findings *findings, const struct pci_address *address)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (!finding->has_function || finding->verdict == VERDICT_NOTE ||
			pci_address_compare(&finding->address, address) != 0)
			continue;
		check(trial, findings, !found);
		found = finding;
	}
	check(trial, findings, found);
	return found;
}

static bool was_right(const struct wanted *wanted)
{
	return strcmp(wanted->function->driver, wanted->rule->driver) == 0 &&
	       strcmp(wanted->function->override, wanted->rule->driver) == 0;
}

/* "taken from" exactly where another driver had it before the first attempt. */
static void check_bound(const struct trial *trial, const struct findings *findings,
	const struct wanted *before, const struct sim_device *device,
	const struct finding *finding)
{
	const char *driver = before->function->driver;
	bool taken = *driver && strcmp(driver, before->rule->driver) != 0;
	char words[80];

	snprintf(words, sizeof(words), "taken from %s ", driver);
	check(trial, findings, strcmp(device->driver, before->rule->driver) == 0);
	check(trial, findings,
		strcmp(device->override, before->rule->driver) == 0 ||
			strstr(finding->text, "may not be written"));
	check(trial, findings, !device->stuck);
	check(trial, findings,
		(finding->verdict == VERDICT_ALREADY) == was_right(before));
	check(trial, findings, (strstr(finding->text, words) != NULL) == taken);
}

/* Given back, in as far as its driver came back from the call. */
static void check_left(const struct trial *trial, const struct findings *findings,
	const struct wanted *before, const struct sim_device *device,
	const struct finding *finding)
{
	const char *override = before->function->override;

	if (device->stuck) {
		check(trial, findings, strstr(finding->text, "never returned"));
		return;
	}
	if (strcmp(override, before->rule->driver) == 0)
		override = "";
	check(trial, findings,
		strcmp(device->driver, before->rule->driver) != 0 ||
			strstr(finding->text, "without driver_override"));
	check(trial, findings, strcmp(device->override, override) == 0);
	check(trial, findings,
		*device->driver || !*device->native ||
			!sim_is_registered(&trial->world->sim, device->native));
}

/* After an attempt that came to its end. */
static void check_end(const struct trial *trial, const struct scene *before,
	const struct findings *findings)
{
	for (size_t i = 0; i < before->selection.count; i++) {
		const struct wanted *wanted = &before->selection.items[i];
		const struct sim_device *device =
			sim_device(&trial->world->sim, &wanted->function->address);
		const struct finding *finding =
			verdict_of(trial, findings, &device->address);

		if (finding->verdict == VERDICT_BOUND ||
			finding->verdict == VERDICT_ALREADY)
			check_bound(trial, findings, wanted, device, finding);
		else
			check_left(trial, findings, wanted, device, finding);
	}
}

/* Where no attempt did, nothing is said to be bound that may not be, and all else is. */
static void check_journal(const struct trial *trial, const struct scene *before)
{
	struct effects effects = sim_effects(&trial->world->sim);
	const struct watch *watch = &trial->world->watch;
	struct report report;

	journal_report(trial->journal, watch, &effects, &report);
	assert_int_equal(report.seen, 7);
	assert_int_equal(report.hung, watch->hung_count);
	for (size_t i = 0; i < before->selection.count; i++) {
		const struct wanted *wanted = &before->selection.items[i];
		const struct sim_device *device =
			sim_device(&trial->world->sim, &wanted->function->address);
		const struct finding *finding =
			verdict_of(trial, &report.findings, &device->address);
		bool open = device->stuck || watch_load_hung(watch, device->driver);
		bool bound = strcmp(device->driver, wanted->rule->driver) == 0 && !open;

		if (was_right(wanted))
			check(trial, &report.findings,
				finding->verdict == VERDICT_ALREADY);
		else if (finding->verdict == VERDICT_REFUSED)
			check(trial, &report.findings, !bound);
		else
			check(trial, &report.findings,
				finding->verdict ==
					(bound ? VERDICT_BOUND : VERDICT_FAILED));
		if (bound && !was_right(wanted))
			check_bound(trial, &report.findings, wanted, device, finding);
	}
	report_clear(&report);
}

static void begin(struct trial *trial, const struct situation *situation,
	struct scene *before, unsigned cut_device)
{
	trial->situation = situation;
	trial->world = shared(sizeof(*trial->world));
	trial->journal = journal_new();
	assert_non_null(trial->journal);
	scene_select(before, situation->config, situation->rows);
	sim_begin(&trial->world->sim, &before->machine, situation->natives,
		&situation->traits);
	trial->world->sim.cut_device = cut_device;
}

static void end(struct trial *trial, struct scene *before)
{
	scene_clear(before);
	munmap(trial->world, sizeof(*trial->world));
	journal_free(trial->journal);
}

/* Everything after DEATHS attempts that end in call AT; false where none has so many. */
static bool try_cut(const struct situation *situation, enum sim_cut cut, unsigned at,
	unsigned deaths, unsigned cut_device)
{
	struct trial trial = {.cut = cut, .cut_at = at};
	struct findings findings = {0};
	struct scene before;
	bool reached = true;

	begin(&trial, situation, &before, cut_device);
	for (unsigned i = 0; i < deaths && reached; i++)
		reached = cut_attempt(&trial, at);
	if (reached &&
		(cut == SIM_CUT_DIES || can_hang(trial.world->sim.cut_call->kind))) {
		check_journal(&trial, &before);
		attempt(&trial, &findings);
		check_end(&trial, &before, &findings);
	}
	findings_clear(&findings);
	end(&trial, &before);
	return reached;
}

static unsigned every_cut(enum sim_cut cut, unsigned deaths, unsigned cut_device)
{
	unsigned runs = 0;

	for (size_t i = 0; i < SITUATIONS; i++)
		for (unsigned at = 1;
			try_cut(&situations[i], cut, at, deaths, cut_device); at++)
			runs++;
	return runs;
}

static void test_hangs(void **state)
{
	(void)state;
	assert_true(every_cut(SIM_CUT_HANGS, 1, 0) > 100);
	assert_true(every_cut(SIM_CUT_HANGS, 1, 1) > 100);
	/* The load hangs though all devices are bound. */
	assert_true(every_cut(SIM_CUT_HANGS, 1, SIM_DEVICES_MAX) > 100);
}

static void test_dies(void **state)
{
	(void)state;
	assert_true(every_cut(SIM_CUT_DIES, 1, 0) > 100);
}

/* The third attempt only gives back. */
static void test_dies_twice(void **state)
{
	(void)state;
	assert_true(every_cut(SIM_CUT_DIES, 2, 0) > 50);
}

/* Nothing to tell: no child, or none that came that far. */
static void test_empty(void **state)
{
	struct journal *journal = journal_new();
	struct effects effects = {0};
	struct report report;

	(void)state;
	journal_report(NULL, NULL, &effects, &report);
	assert_int_equal(report.findings.count, 0);
	report_clear(&report);
	journal_report(journal, NULL, &effects, &report);
	assert_int_equal(report.findings.count, 0);
	report_clear(&report);
	journal_free(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_dies),
		cmocka_unit_test(test_dies_twice),
		cmocka_unit_test(test_empty),
	};

	alarm(HANG_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
