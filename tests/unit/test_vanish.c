/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that is removed between any two steps of a plan, and one that comes back at
 * once: the others get what they would have got, and what is said of it is so.
 */
#include "apply_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void run(struct trial *trial, const struct situation *situation, unsigned at,
	unsigned device, bool returns)
{
	trial_begin(trial, situation);
	trial_reset(trial);
	trial->sim.gone_at = at;
	trial->sim.gone_device = device;
	trial->sim.returns = returns;
	trial_apply(trial);
}

static enum verdict verdict_of(const struct trial *trial, const struct sim_device *device)
{
	const struct finding *finding = trial_verdict(trial, device);

	return finding ? finding->verdict : VERDICT_NOTE;
}

/* Nothing of ours is left on one that came back, and the host has it. */
static void check_returned(const struct trial *trial, const struct sim_device *device)
{
	check(trial, !device->override[0] || device->driver[0]);
	if (device->override[0])
		check(trial, strcmp(device->override, device->driver) == 0);
}

static void check_others(const struct trial *trial, const struct trial *usual)
{
	for (unsigned i = 0; i < trial->sim.device_count; i++) {
		const struct sim_device *device = &trial->sim.devices[i];
		const struct sim_device *before = &usual->sim.devices[i];

		if (i == trial->sim.gone_device)
			continue;
		check(trial, strcmp(device->driver, before->driver) == 0);
		check(trial, strcmp(device->override, before->override) == 0);
		check(trial, verdict_of(trial, device) == verdict_of(usual, before));
	}
}

/* One removal; false where the run has not so many calls. */
static bool try_one(const struct trial *usual, unsigned at, unsigned device, bool returns)
{
	struct trial trial;
	bool reached;

	run(&trial, usual->situation, at, device, returns);
	reached = trial.sim.call_count >= at;
	check_others(&trial, usual);
	/* What was bound when its driver was read back may be gone since. */
	if (verdict_of(&trial, &trial.sim.devices[device]) == VERDICT_BOUND)
		check(&trial,
			verdict_of(usual, &usual->sim.devices[device]) == VERDICT_BOUND);
	if (returns)
		check_returned(&trial, &trial.sim.devices[device]);
	trial_end(&trial);
	return reached;
}

static unsigned every_removal(bool returns)
{
	unsigned runs = 0;

	for (size_t i = 0; i < SITUATIONS; i++) {
		struct trial usual;

		run(&usual, &situations[i], 0, 0, false);
		for (unsigned device = 0; device < usual.sim.device_count; device++)
			for (unsigned at = 1; try_one(&usual, at, device, returns); at++)
				runs++;
		trial_end(&usual);
	}
	return runs;
}

static void test_vanishes(void **state)
{
	(void)state;
	assert_true(every_removal(false) > 500);
}

static void test_returns(void **state)
{
	(void)state;
	assert_true(every_removal(true) > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vanishes),
		cmocka_unit_test(test_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
