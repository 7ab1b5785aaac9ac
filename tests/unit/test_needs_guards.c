/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guards that ask what the host needs: whom they refuse, why, and what lifts them. */
#include "core/guards.h"
#include "core/last_guards.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define NVME "02:00.0 144d:a808 010802 2 -"
#define NIC  "03:00.0 8086:10d3 020000 3 -"
#define XHCI "04:00.0 1b36:000d 0c0330 4 -"
#define GPU1 "05:00.0 1234:1111 038000 5 -"
#define GPU2 "06:00.0 1234:1111 030000 6 -"
#define ALL  ROWS(NVME, NIC, XHCI, GPU1, GPU2)

static struct machine machine;

static int begin(void **state)
{
	(void)state;
	machine_build(&machine, ALL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	machine_clear(&machine);
	return 0;
}

static void need(enum need_kind kind, const char *address, const char *words)
{
	struct pci_address a = address_of(address);

	needs_add(&machine.needs, kind, &a, "%s", words);
}

/* What the guards over one device say of the first word of LINE. */
static enum guard ask(const char *line, char why[GUARD_WHY_MAX])
{
	struct config config;
	struct wanted wanted = {.rule = rule_build(&config, line)};
	struct pci_address address = wanted.rule->terms[0].address.address;
	enum guard guard;

	wanted.function = machine_find(&machine, &address);
	assert_non_null(wanted.function);
	guard = guards_ask(&machine, &wanted, why);
	config_clear(&config);
	return guard;
}

static void refused(const char *line, enum guard guard, const char *words)
{
	char why[GUARD_WHY_MAX] = "", fix[64];

	assert_int_equal(ask(line, why), guard);
	snprintf(fix, sizeof(fix), "; protected, taken only with allow=%s",
		guard_name(guard));
	assert_contains(why, words);
	assert_contains(why, fix);
}

static void passes(const char *line)
{
	char why[GUARD_WHY_MAX] = "";

	if (ask(line, why) != GUARD_NONE)
		fail_msg("%s: %s", line, why);
}

static void test_root_disk(void **state)
{
	(void)state;
	passes("02:00.0");
	need(NEED_DISK, "02:00.0", "carries swap (UUID=1)");
	refused("02:00.0", GUARD_ROOT_DISK, "carries swap (UUID=1); ");
	/* The root is the better reason, whatever came first. */
	need(NEED_ROOT, "02:00.0", "carries / (UUID=2)");
	refused("02:00.0", GUARD_ROOT_DISK, "carries / (UUID=2); ");
	passes("02:00.0 allow=root-disk");
	refused("02:00.0 allow=storage", GUARD_ROOT_DISK, "carries /");
	/* A disk can hang on anything: here it is on USB. */
	passes("04:00.0");
	need(NEED_ROOT, "04:00.0", "carries / (UUID=2)");
	refused("04:00.0", GUARD_ROOT_DISK, "carries /");
	passes("03:00.0");
}

static void test_storage(void **state)
{
	static const enum root_place unknown[] = {ROOT_UNKNOWN, ROOT_UNSEEN};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		machine.needs.root = unknown[i];
		snprintf(machine.needs.root_words, sizeof(machine.needs.root_words), "%s",
			i ? "root=UUID=7 is not there yet" : "");
		refused("02:00.0", GUARD_STORAGE,
			i ? "root=UUID=7" : "not known what the host boots from");
		passes("02:00.0 allow=storage");
		/* What is no storage controller has nothing to do with it. */
		passes("04:00.0");
		passes("05:00.0");
		passes("03:00.0");
	}
	machine.needs.root = ROOT_NETWORK;
	passes("02:00.0");
	machine.needs.root = ROOT_FOUND;
	machine.needs.incomplete = true;
	refused("02:00.0", GUARD_STORAGE, "not known");
	/* Consent to the unknown is no consent to what is known. */
	need(NEED_ROOT, "02:00.0", "carries / (UUID=2)");
	refused("02:00.0 allow=storage", GUARD_ROOT_DISK, "carries /");
	refused("02:00.0 allow=root-disk", GUARD_STORAGE, "not known");
	passes("02:00.0 allow=root-disk,storage");
}

static void test_network(void **state)
{
	(void)state;
	passes("03:00.0");
	machine.needs.root = ROOT_NETWORK;
	refused("03:00.0", GUARD_NETWORK, "/ comes over the network");
	passes("03:00.0 allow=network");
	/* The card is known, and it is another one. */
	need(NEED_NETWORK, "04:00.0", "carries / over the network (usb0)");
	passes("03:00.0");
	refused("04:00.0", GUARD_NETWORK, "over the network (usb0)");
	need(NEED_NETWORK, "03:00.0", "carries the default route (eth0)");
	refused("03:00.0", GUARD_NETWORK, "carries the default route (eth0)");
	passes("03:00.0 allow=network");
}

/* Nothing at all is known: it may boot over the network as well. */
static void test_network_unknown(void **state)
{
	(void)state;
	machine.needs.root = ROOT_UNKNOWN;
	passes("03:00.0");
	machine.needs.network_known = false;
	refused("03:00.0", GUARD_NETWORK, "not known whether the host boots over it");
	passes("03:00.0 allow=network");
	passes("04:00.0");
	/* A disk was named, if not found: so not over the network. */
	machine.needs.root = ROOT_UNSEEN;
	passes("03:00.0");
}

/* Address, guard and words of what the plan lost; or "" for nothing. */
static const char *lost(const char *lines)
{
	static char text[512];
	struct config config = {0};
	struct selection selection = {0};
	struct findings findings = {0};
	struct plan plan = {0};
	size_t used = 0;

	text[0] = '\0';
	assert_int_equal(config_add_file(&config, "c", lines, strlen(lines)), 0);
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(selection_make(&config, &machine, &selection, &findings), 0);
	assert_int_equal(plan_make(&machine, &selection, &plan, &findings), 0);
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *finding = &findings.items[i];
		char address[PCI_ADDRESS_TEXT_MAX];

		if (finding->verdict != VERDICT_REFUSED)
			continue;
		pci_address_format(&finding->address, address);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s;",
			address, guard_name(finding->guard));
		if (!guard_not_liftable(finding->guard))
			assert_contains(
				finding->text, "; protected, taken only with allow=");
		for (size_t j = 0; j < plan.device_count; j++)
			assert_int_not_equal(
				pci_address_compare(&plan.devices[j].function->address,
					&finding->address),
				0);
		for (size_t j = 0; j < plan.operation_count; j++)
			assert_true(plan.operations[j].device < plan.device_count);
	}
	plan_clear(&plan);
	findings_clear(&findings);
	selection_clear(&selection);
	config_clear(&config);
	return text;
}

static void test_last_display(void **state)
{
	(void)state;
	assert_string_equal(lost("05:00.0\n"), "");
	assert_string_equal(lost("05:00.0\n06:00.0\n"), "0000:05:00.0 last-display;");
	/* The one that shows the boot is the one to keep. */
	machine.functions[4].boot_display = true;
	assert_string_equal(lost("05:00.0\n06:00.0\n"), "0000:06:00.0 last-display;");
	/* ... unless its rule gives it away. */
	assert_string_equal(lost("05:00.0\n06:00.0 allow=last-display\n"),
		"0000:05:00.0 last-display;");
	assert_string_equal(
		lost("05:00.0 allow=last-display\n06:00.0 allow=last-display\n"), "");
	assert_string_equal(lost("03:00.0\n"), "");
}

static void test_single_display(void **state)
{
	(void)state;
	machine_clear(&machine);
	machine_build(&machine, ROWS(GPU1, NIC));
	assert_string_equal(lost("05:00.0\n"), "0000:05:00.0 last-display;");
	assert_string_equal(lost("05:00.0 allow=last-display\n"), "");
	/* A second one that is away already, and one that has no outputs, are no help. */
	machine_clear(&machine);
	machine_build(&machine, ROWS(GPU1, "06:00.0 1234:1111 030000 6 vfio-pci",
					"07:00.0 10de:20b0 030200 7 -"));
	assert_string_equal(lost("05:00.0\n"), "0000:05:00.0 last-display;");
	/* Taking what has no outputs takes no picture away. */
	assert_string_equal(lost("07:00.0\n"), "");
	/* What is away already is not asked for again. */
	assert_string_equal(lost("06:00.0\n"), "");
	assert_string_equal(lost("05:00.0\n06:00.0\n"), "0000:05:00.0 last-display;");
}

/* One that another guard keeps is one that stays. */
static void test_display_kept_by_another_guard(void **state)
{
	(void)state;
	assert_string_equal(
		lost("05:00.0\n06:00.0 id=10de:1\n"), "0000:06:00.0 identity;");
}

static void test_keyboard(void **state)
{
	(void)state;
	assert_string_equal(lost("04:00.0\n"), "");
	need(NEED_KEYBOARD, "04:00.0", "carries the keyboard K");
	assert_string_equal(lost("04:00.0\n"), "0000:04:00.0 keyboard;");
	assert_string_equal(lost("04:00.0 allow=keyboard\n"), "");
	assert_string_equal(lost("03:00.0\n"), "");
	/* A second one on the same controller goes with it. */
	need(NEED_KEYBOARD, "04:00.0", "carries the keyboard L");
	assert_string_equal(lost("04:00.0\n"), "0000:04:00.0 keyboard;");
	/* One elsewhere stays, unless it is taken as well. */
	need(NEED_KEYBOARD, "03:00.0", "carries the keyboard M");
	assert_string_equal(lost("04:00.0\n"), "");
	assert_string_equal(lost("04:00.0\n03:00.0\n"), "0000:03:00.0 keyboard;");
	/* PS/2. */
	needs_add(&machine.needs, NEED_KEYBOARD, NULL, "carries the keyboard AT");
	assert_string_equal(lost("04:00.0\n03:00.0\n"), "");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_root_disk),
		test(test_storage),
		test(test_network),
		test(test_network_unknown),
		test(test_last_display),
		test(test_single_display),
		test(test_display_kept_by_another_guard),
		test(test_keyboard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
