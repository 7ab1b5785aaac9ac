/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/guards.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *function; /* a machine row */
	const char *line;
	enum guard guard;
	const char *why; /* a part */
	const char *fix; /* and what lifts it */
};

static enum guard ask(const char *row, const char *line, bool widened, char *why)
{
	struct machine machine;
	struct config config;
	struct wanted wanted = {.widened = widened};
	enum guard guard;

	machine_build(&machine, ROWS(row, "00:02.0 8086:1 030000 0 -"));
	wanted.rule = rule_build(&config, line);
	wanted.function = &machine.functions[machine.count - 1];
	guard = guards_ask(&machine, &wanted, why);
	config_clear(&config);
	machine_clear(&machine);
	return guard;
}

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char why[GUARD_WHY_MAX] = "";
		enum guard guard = ask(rows[i].function, rows[i].line, false, why);

		if (guard != rows[i].guard)
			fail_msg("%s x %s: \"%s\" %s", rows[i].function, rows[i].line,
				guard_name(guard), why);
		if (guard == GUARD_NONE)
			continue;
		assert_contains(why, rows[i].why);
		assert_contains(why, rows[i].fix);
		assert_true(strlen(why) < GUARD_WHY_MAX - 1);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_nothing_refuses(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 10de:2206 030000 1 -", "01:00.0", GUARD_NONE, "", ""},
		{"01:00.0 10de:2206 030000 1 vfio-pci", "01:00.0", GUARD_NONE, "", ""},
		{"01:00.0 10de:2206 030000 1 vfio-pci", "01:00.0 unbind=never",
			GUARD_NONE, "", ""},
		{"01:00.0 10de:2206 030000 0 -", "01:00.0 id=10de:*", GUARD_NONE, "", ""},
		{"01:00.0 1af4:1 058000 0 -", "01:00.0", GUARD_NONE, "", ""},
	};

	(void)state;
	CHECK(rows);
}

static void test_bridge(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 8086:2 060400 1 pcieport bridge", "01:00.0", GUARD_BRIDGE,
			"class 0604, a PCI bridge,", "endpoints behind it"},
		{"01:00.0 8086:2 060400 1 - bridge", "01:00.0 allow=bridge", GUARD_BRIDGE,
			"never taken", "endpoints behind it"},
		{"01:00.0 8086:2 060000 1 -", "01:00.0 allow=bridge", GUARD_BRIDGE,
			"class 0600 belongs", "endpoints behind it"},
		{"01:00.0 8086:2 060100 1 -", "01:00.0", GUARD_BRIDGE, "class 0601", ""},
		{"01:00.0 8086:2 050000 1 -", "01:00.0 allow=bridge", GUARD_BRIDGE,
			"class 0500", ""},
		{"01:00.0 8086:2 088000 1 -", "01:00.0 allow=bridge unbind=always",
			GUARD_BRIDGE, "class 0880", ""},
		{"01:00.0 8086:2 030000 1 - bridge", "01:00.0 allow=bridge", GUARD_BRIDGE,
			"a PCI bridge", ""},
		{"01:00.0 8086:2 0c0500 1 -", "01:00.0", GUARD_BRIDGE, "SMBus",
			"allow=bridge"},
		{"01:00.0 8086:2 0c0500 1 -", "01:00.0 allow=storage", GUARD_BRIDGE,
			"SMBus", "allow=bridge"},
		{"01:00.0 8086:2 0c0500 1 -", "01:00.0 allow=bridge", GUARD_NONE, "", ""},
		{"01:00.0 8086:2 0c0500 1 - bridge", "01:00.0 allow=bridge", GUARD_BRIDGE,
			"never taken", ""},
	};

	(void)state;
	CHECK(rows);
}

static void test_identity(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 10de:2206 030000 1 -", "01:00.0 id=10de:2207", GUARD_IDENTITY,
			"expects 10de:2207", "correct the line"},
		{"01:00.0 10de:2206 030000 1 -", "01:00.* id=1002:*", GUARD_IDENTITY,
			"expects 1002:*", "correct the line"},
		{"01:00.0 10de:2206 030000 1 - path=00:01.0/00.0",
			"path=00:01.0/00.0 id=10de:2206:1043:*", GUARD_IDENTITY,
			"10de:2206:1043:*", "correct the line"},
		{"01:00.0 10de:2206 030000 1 -", "id=1002:*", GUARD_NONE, "", ""},
	};
	char why[GUARD_WHY_MAX];

	(void)state;
	CHECK(rows);
	/* what with= adds has an id of its own */
	assert_int_equal(ask("01:00.1 10de:1aef 040300 1 -",
				 "01:00.0 id=10de:2206 with=slot", true, why),
		GUARD_NONE);
}

static void test_no_iommu(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 10de:2206 030000 - -", "01:00.0", GUARD_NO_IOMMU,
			"in no IOMMU group", "allow=no-iommu"},
		{"01:00.0 10de:2206 030000 - -", "01:00.0 allow=storage", GUARD_NO_IOMMU,
			"in no IOMMU group", "allow=no-iommu"},
		{"01:00.0 10de:2206 030000 - -", "01:00.0 allow=no-iommu", GUARD_NONE, "",
			""},
	};
	struct machine machine;
	struct config config;
	struct wanted wanted = {0};
	char why[GUARD_WHY_MAX];

	(void)state;
	CHECK(rows);
	machine_build(&machine, ROWS("01:00.0 10de:2206 030000 - -"));
	wanted.rule = rule_build(&config, "01:00.0");
	wanted.function = &machine.functions[0];
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_NO_IOMMU);
	assert_contains(why, "the kernel has no IOMMU");
	assert_contains(why, "intel_iommu=on");
	assert_contains(why, "allow=no-iommu");
	/* Where the command line is the reason, another word on it would not help. */
	strcpy(machine.iommu_switches.off, "amd_iommu=off");
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_NO_IOMMU);
	assert_contains(why, "the kernel has no IOMMU");
	assert_contains(why, "amd_iommu=off on the kernel command line switches it off");
	assert_lacks(why, "intel_iommu=on");
	assert_lacks(why, "firmware");
	assert_contains(why, "; taken only with allow=no-iommu");
	/* The longest word there is. */
	memset(machine.iommu_switches.off, 'o', IOMMU_WORD_MAX - 1);
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_NO_IOMMU);
	assert_contains(why, "; taken only with allow=no-iommu");
	config_clear(&config);
	machine_clear(&machine);
}

/* pci-stub needs no IOMMU group, so the reason of the guard does not hold. */
static void test_no_iommu_is_about_vfio(void **state)
{
	char why[GUARD_WHY_MAX] = "";

	(void)state;
	ask("01:00.0 10de:2206 030000 - -", "01:00.0 driver=pci-stub", false, why);
	assert_lacks(why, "vfio-pci cannot bind it");
}

static void test_bound(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 10de:1 0c0330 1 xhci_hcd idle", "01:00.0", GUARD_NONE, "", ""},
		{"01:00.0 10de:1 0c0330 1 xhci_hcd busy", "01:00.0", GUARD_BOUND,
			"xhci_hcd (a module loaded before vfio-early ran) holds it: sda1 "
			"is",
			"unbind=always"},
		{"01:00.0 10de:1 010802 1 nvme unknown built-in", "01:00.0", GUARD_BOUND,
			"nvme (built into the kernel) holds it: its users could not",
			"unbind=always"},
		{"01:00.0 10de:1 0c0330 1 xhci_hcd busy", "01:00.0 unbind=always",
			GUARD_NONE, "", ""},
		{"01:00.0 10de:1 0c0330 1 xhci_hcd idle", "01:00.0 unbind=never",
			GUARD_BOUND, "xhci_hcd", "unbind="},
		{"01:00.0 10de:1 030000 1 nouveau idle", "01:00.0", GUARD_BOUND,
			"nouveau", "unbind=always"},
		{"01:00.0 10de:1 030000 1 nouveau idle", "01:00.0 unbind=always",
			GUARD_NONE, "", ""},
		{"01:00.0 10de:1 020000 1 odd_nic idle", "01:00.0", GUARD_BOUND,
			"not known to let go", "unbind=always"},
		{"01:00.0 10de:1 020000 1 vfio-pci busy", "01:00.0 driver=pci-stub",
			GUARD_BOUND, "vfio-pci", "unbind=always"},
	};

	(void)state;
	CHECK(rows);
}

/* The name is in the words; nothing of allow= helps. */
static void test_driver(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 10de:1 030000 1 - driver-missing", "01:00.0 driver=no_such",
			GUARD_DRIVER, "there is no driver no_such here",
			"correct driver=, or rebuild"},
		{"01:00.0 10de:1 030000 1 nouveau driver-missing",
			"01:00.0 unbind=always allow=storage,network", GUARD_DRIVER,
			"no driver vfio-pci here", "rebuild the boot image"},
		{"01:00.0 10de:1 030000 1 nouveau driver-meant=vfio-pci",
			"01:00.0 driver=vfio_pci unbind=always", GUARD_DRIVER,
			"no driver is called vfio_pci", "write driver=vfio-pci"},
	};

	(void)state;
	CHECK(rows);
}

/* The order: what can never be lifted comes before what can. */
static void test_order(void **state)
{
	static const struct row rows[] = {
		{"01:00.0 8086:2 060100 - lpc_ich", "01:00.0 id=1:2", GUARD_BRIDGE, "",
			""},
		{"01:00.0 8086:2 030000 - i915", "01:00.0 id=1:2", GUARD_IDENTITY, "",
			""},
		{"01:00.0 8086:2 030000 - i915", "01:00.0", GUARD_NO_IOMMU, "", ""},
		{"01:00.0 8086:2 030000 - i915", "01:00.0 allow=no-iommu", GUARD_BOUND,
			"", ""},
		{"01:00.0 8086:2 030000 - i915 driver-missing", "01:00.0", GUARD_NO_IOMMU,
			"", ""},
		{"01:00.0 8086:2 030000 1 i915 driver-missing", "01:00.0", GUARD_DRIVER,
			"", ""},
		{"01:00.0 8086:2 0c0500 - i801_smbus", "01:00.0 allow=bridge",
			GUARD_NO_IOMMU, "", ""},
	};

	(void)state;
	CHECK(rows);
}

/* The longest names and texts leave the fix whole. */
static void test_longest_words(void **state)
{
	struct machine machine;
	struct config config;
	struct wanted wanted = {0};
	char why[GUARD_WHY_MAX];

	(void)state;
	machine_build(&machine, ROWS("01:00.0 8086:2 020000 1 nvme"));
	wanted.rule = rule_build(&config, "01:00.0");
	wanted.function = &machine.functions[0];
	wanted.function->use = USE_BUSY;
	memset(wanted.function->use_text, 'u', USE_TEXT_MAX - 1);
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_BOUND);
	assert_contains(why, "; taken only with unbind=always");
	memset(wanted.function->driver, 'd', DRIVER_NAME_MAX - 1);
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_BOUND);
	assert_contains(why, "; taken only with unbind=always");
	wanted.function->driver_missing = true;
	memset(wanted.function->driver_meant, 'm', DRIVER_NAME_MAX - 1);
	assert_int_equal(guards_ask(&machine, &wanted, why), GUARD_DRIVER);
	assert_contains(why, "write driver=mmm");
	assert_int_equal(why[strlen(why) - 1], 'm');
	assert_string_equal(
		why + strlen(why) - (DRIVER_NAME_MAX - 1), wanted.function->driver_meant);
	config_clear(&config);
	machine_clear(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_refuses),
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_iommu),
		cmocka_unit_test(test_no_iommu_is_about_vfio),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_driver),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_longest_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
