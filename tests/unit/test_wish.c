/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is read of a machine, by what is asked: the attributes that a configuration needs,
 * and of no other function anything.
 */
#include "core/wish.h"

#include "fake_sysfs.h"
#include "machine_builder.h"
#include "scan/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUS   "pci0000:00/"
#define PORT  BUS "0000:00:01.0"
#define GPU   PORT "/0000:01:00.0"
#define SOUND PORT "/0000:01:00.1"
#define OTHER BUS "0000:00:02.0/0000:02:00.0"
#define NIC   BUS "0000:00:03.0/0000:03:00.0"
#define DISK  BUS "0000:00:04.0/0000:04:00.0"

static struct fake fake;
static struct config config;
static struct decision decision;
static struct findings findings;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	fake_function(&fake, PORT " 8086:1901 060400 group=1 bridge driver=pcieport");
	fake_function(&fake, GPU " 10de:2206 030000 group=1");
	fake_function(&fake, SOUND " 10de:1aef 040300 group=1");
	fake_function(&fake, OTHER " 1002:744c 030000 group=2 driver=amdgpu");
	fake_function(&fake, NIC " 8086:1533 020000 group=3 driver=igb");
	fake_function(&fake, DISK " 144d:a808 010802 group=4 driver=nvme");
	return 0;
}

static int end(void **state)
{
	(void)state;
	decision_clear(&decision);
	findings_clear(&findings);
	config_clear(&config);
	fake_end(&fake);
	return 0;
}

static void run(const char *text)
{
	const struct decide how = {.root = fake.root};

	decision_clear(&decision);
	findings_clear(&findings);
	config_clear(&config);
	config = (struct config){0};
	assert_int_equal(config_add_file(&config, SCENE_FILE, text, strlen(text)), 0);
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(decide(&how, &config, &decision, &findings), 0);
}

static const struct pci_function *at(const char *text)
{
	struct pci_address address = address_of(text);
	const struct pci_function *function = machine_find(&decision.machine, &address);

	assert_non_null(function);
	return function;
}

#define assert_known(address, attributes) assert_int_equal(at(address)->known, attributes)

/* A function is looked at, what shares its group, and the rest not at all. */
static void test_address(void **state)
{
	(void)state;
	run("01:00.1 id=10de:1aef\n");
	assert_int_equal(decision.plan.device_count, 1);
	assert_known("01:00.1",
		ATTRIBUTES_KIND | ATTRIBUTE_DRIVER | ATTRIBUTE_GROUP | ATTRIBUTE_MEMBERS);
	assert_known("01:00.0",
		ATTRIBUTES_KIND | ATTRIBUTE_DRIVER | ATTRIBUTE_GROUP | ATTRIBUTE_MEMBERS);
	assert_known("02:00.0", 0);
	assert_known("03:00.0", 0);
	assert_known("04:00.0", 0);
	assert_int_equal(findings_count(&findings, VERDICT_NOTE, "01:00.0"), 1);
}

/* The guard of the last display wants to know what else is one, and its driver. */
static void test_display(void **state)
{
	(void)state;
	run("01:00.*\n");
	assert_int_equal(decision.plan.device_count, 2);
	assert_int_equal(at("02:00.0")->known & (ATTRIBUTE_IDS | ATTRIBUTE_DRIVER),
		ATTRIBUTE_IDS | ATTRIBUTE_DRIVER);
	assert_int_equal(
		at("03:00.0")->known & (ATTRIBUTE_IDS | ATTRIBUTE_DRIVER), ATTRIBUTE_IDS);
	run("01:00.*\n02:00.0 unbind=always\n");
	assert_int_equal(decision.plan.device_count, 2);
	findings_first(&findings, VERDICT_REFUSED, "01:00.0");
}

/* What is elsewhere is not asked for its id. */
static void test_path(void **state)
{
	(void)state;
	run("keep id=8086:1533 path=00:03.0/00.0\npath=00:01.0/00.1\n");
	assert_int_equal(decision.plan.device_count, 1);
	assert_known("02:00.0", ATTRIBUTE_PATH);
	assert_known("03:00.0", ATTRIBUTE_PATH | ATTRIBUTE_IDS);
	assert_non_null(
		selection_kept_by(&decision.selection, &decision.machine, at("03:00.0")));
}

static void test_id(void **state)
{
	(void)state;
	run("id=10de:1aef\n");
	assert_int_equal(decision.plan.device_count, 1);
	assert_known("02:00.0", ATTRIBUTE_IDS);
	assert_known("01:00.0",
		ATTRIBUTES_KIND | ATTRIBUTE_DRIVER | ATTRIBUTE_GROUP | ATTRIBUTE_MEMBERS);
}

static void test_group(void **state)
{
	(void)state;
	run("group=01:00.1\n");
	assert_int_equal(decision.selection.count, 2);
	assert_int_equal(at("04:00.0")->known & ATTRIBUTE_GROUP, 0);
	run("group=1 id=10de:*\n");
	assert_int_equal(decision.selection.count, 2);
	assert_int_equal(at("04:00.0")->known & ATTRIBUTE_GROUP, ATTRIBUTE_GROUP);
	run("01:00.1 with=group\n");
	assert_int_equal(decision.selection.count, 2);
	assert_int_equal(at("04:00.0")->known & ATTRIBUTE_GROUP, 0);
}

/* As in a capture: what groups have of their members is not there. */
static void test_group_without_list(void **state)
{
	(void)state;
	fake_remove(&fake, "sys/kernel/iommu_groups/1/devices");
	run("01:00.1 with=group\n");
	assert_int_equal(decision.selection.count, 2);
	assert_int_equal(at("04:00.0")->known & ATTRIBUTE_GROUP, ATTRIBUTE_GROUP);
	assert_int_equal(at("04:00.0")->group, 4);
}

/* Its explanation is worth what it reads. */
static void test_unmatched(void **state)
{
	(void)state;
	run("group=3 id=10de:1aef\n");
	assert_contains(findings_first(&findings, VERDICT_UNMATCHED, NULL)->text,
		"in IOMMU group 3 there is only 0000:03:00.0 [8086:1533]; 0000:01:00.1 "
		"is in group 1");
	run("09:00.0 id=10de:1aef\n");
	findings_first(&findings, VERDICT_UNMATCHED, NULL);
	assert_known("03:00.0", 0);
}

/* Only a rule that gets as far as the number has it read, and wakes the device. */
static void test_serial(void **state)
{
	(void)state;
	fake_file(
		&fake, "sys/devices/" NIC "/serial_number", "00-11-22-33-44-55-66-77\n");
	run("serial=00-11-22-33-44-55-66-77 class=02 unbind=always allow=network\n");
	assert_int_equal(decision.selection.count, 1);
	assert_true(at("03:00.0")->known & ATTRIBUTE_SERIAL);
	assert_false(at("04:00.0")->known & ATTRIBUTE_SERIAL);
	assert_false(at("00:01.0")->known & ATTRIBUTE_SERIAL);
}

static void test_vf_of(void **state)
{
	(void)state;
	fake_link(&fake, "sys/devices/" NIC "/physfn", "../0000:04:00.0");
	run("vf-of=04:00.0 unbind=always allow=network\n");
	assert_int_equal(decision.selection.count, 1);
	assert_known("02:00.0", ATTRIBUTE_VF_OF);
}

/* Gone after the listing: a rule does not find it, and nothing is said of it. */
static void test_vanished(void **state)
{
	(void)state;
	fake_remove(&fake, "sys/devices/" NIC);
	run("class=02\n");
	assert_int_equal(decision.machine.count, 5);
	assert_int_equal(findings.count, 1);
	findings_first(&findings, VERDICT_UNMATCHED, NULL);
	/* Nor where it is only the neighbour of what is wanted. */
	fake_remove(&fake, "sys/devices/" GPU);
	run("01:00.1 id=10de:1aef\n");
	assert_int_equal(decision.plan.device_count, 1);
	assert_int_equal(findings.count, 0);
}

/* One that cannot be read is protected by whatever keep rule asks for it. */
static void test_unreadable(void **state)
{
	(void)state;
	fake_file(&fake, "sys/devices/" NIC "/modalias", "no modalias\n");
	run("keep id=8086:9999\n03:00.0\n");
	assert_int_equal(at("03:00.0")->unknown, -EINVAL);
	assert_int_equal(decision.selection.count, 0);
	findings_first(&findings, VERDICT_KEPT, "03:00.0");
	run("keep 02:00.0\n01:00.1 id=10de:1aef\n");
	assert_int_equal(at("03:00.0")->unknown, 0);
	assert_int_equal(decision.plan.device_count, 1);
}

/* Everything: the same answers, and nothing is left to be known. */
static void test_everything(void **state)
{
	const struct decide how = {.root = fake.root, .everything = true};

	(void)state;
	run("01:00.*\n");
	decision_clear(&decision);
	findings_clear(&findings);
	assert_int_equal(decide(&how, &config, &decision, &findings), 0);
	assert_int_equal(decision.plan.device_count, 2);
	for (size_t i = 0; i < decision.machine.count; i++)
		assert_int_equal(decision.machine.functions[i].known, ATTRIBUTES_COMMON);
}

/* By hand: a machine without wishes is known, a function that is unknown as well. */
static void test_known(void **state)
{
	struct pci_function functions[2] = {{.unknown = -EIO}, {.known = ATTRIBUTE_IDS}};
	struct machine machine = {.functions = functions, .count = 2};

	(void)state;
	assert_true(wish_all_known(&machine, ATTRIBUTES_COMMON));
	assert_int_equal(wish_refusals(&machine), 0);
	assert_int_equal(wishes_begin(&machine), 0);
	assert_true(wish_known(&machine, &functions[0], ATTRIBUTE_PATH));
	assert_true(wish_known(&machine, &functions[1], ATTRIBUTE_IDS));
	assert_int_equal(wish_refusals(&machine), 0);
	assert_false(wish_known(&machine, &functions[1], ATTRIBUTES_KIND));
	assert_false(wish_all_known(&machine, ATTRIBUTE_PATH));
	assert_int_equal(wish_refusals(&machine), 2);
	assert_int_equal(machine.wishes->attributes[0], 0);
	assert_int_equal(
		machine.wishes->attributes[1], ATTRIBUTE_BRIDGE | ATTRIBUTE_PATH);
	machine.functions = NULL;
	machine_clear(&machine);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_address),
		test(test_display),
		test(test_path),
		test(test_id),
		test(test_group),
		test(test_group_without_list),
		test(test_unmatched),
		test(test_serial),
		test(test_vf_of),
		test(test_vanished),
		test(test_unreadable),
		test(test_everything),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
