/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config.h"

#include "rule_equal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define GENERATED 20000

/* A small generator of its own, so that a failure is the same failure everywhere. */
static uint64_t seed;

static unsigned below(unsigned limit)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((seed >> 33) % limit);
}

static struct pci_address any_address(void)
{
	static const uint32_t domains[] = {0, 1, 0xffff, 0x10000, 0x7fffffff};

	return (struct pci_address){.domain = domains[below(5)],
		.bus = (uint8_t)below(256),
		.device = (uint8_t)below(32),
		.function = (uint8_t)below(8)};
}

static struct pci_path any_path(void)
{
	struct pci_address address = any_address();
	struct pci_path path = {.domain = address.domain, .bus = address.bus};

	path.hops = (uint8_t)(1 + below(PCI_PATH_HOPS_MAX));
	for (unsigned i = 0; i < path.hops; i++)
		path.devfn[i] = (uint8_t)below(256);
	return path;
}

static struct pci_id_pattern any_id(void)
{
	struct pci_id_pattern pattern = {.any_vendor = below(4) == 0,
		.any_subvendor = below(2),
		.any_subdevice = below(2)};

	pattern.any_device = !pattern.any_vendor && below(4) == 0;
	if (!pattern.any_vendor)
		pattern.id.vendor = (uint16_t)below(65536);
	if (!pattern.any_device)
		pattern.id.device = (uint16_t)below(65536);
	if (!pattern.any_subvendor)
		pattern.id.subvendor = (uint16_t)below(65536);
	if (!pattern.any_subdevice)
		pattern.id.subdevice = (uint16_t)below(65536);
	return pattern;
}

static struct pci_class_pattern any_class(void)
{
	static const char *const texts[] = {"03", "0c03", "010802", "display", "audio",
		"serial-bus", "00", "ffffff", "usb"};
	struct pci_class_pattern pattern;
	const char *text = texts[below(sizeof(texts) / sizeof(texts[0]))];

	assert_int_equal(pci_class_pattern_parse(text, strlen(text), &pattern), 0);
	return pattern;
}

#define KEYWORDS 8

/* KEYWORD: address, path, group, id, class, serial, vf-of, boot-display. */
static struct term any_term(unsigned keyword)
{
	struct term term = {.kind = TERM_ADDRESS};

	if (keyword == 0) {
		term.address.address = any_address();
		term.address.any_function = below(3) == 0;
		if (term.address.any_function)
			term.address.address.function = 0;
	} else if (keyword == 1) {
		term.kind = TERM_PATH;
		term.path = any_path();
	} else if (keyword == 2 && below(2)) {
		term.kind = TERM_GROUP_OF;
		term.group_of = any_address();
	} else if (keyword == 2) {
		term.kind = TERM_GROUP_NUMBER;
		term.group = below(2) ? below(100) : 0x7fffffffU - below(100);
	} else if (keyword == 3) {
		term.kind = TERM_ID;
		term.id = any_id();
	} else if (keyword == 4) {
		term.kind = TERM_CLASS;
		term.class_pattern = any_class();
	} else if (keyword == 5) {
		term.kind = TERM_SERIAL;
		term.serial = (uint64_t)below(0x80000000U) << 32 | below(0x80000000U);
	} else if (keyword == 6) {
		term.kind = TERM_VF_OF;
		term.vf_of = any_address();
	} else {
		term.kind = TERM_BOOT_DISPLAY;
		term.boot_display = below(2);
	}
	return term;
}

static void any_driver(char driver[DRIVER_NAME_MAX])
{
	static const char bytes[] = "abcXYZ019-_.";
	unsigned length = 1 + below(DRIVER_NAME_MAX - 1);

	if (below(2)) {
		strcpy(driver, DRIVER_DEFAULT);
		return;
	}
	for (unsigned i = 0; i < length; i++)
		driver[i] = bytes[below(i == 0 ? 11 : 12)];
	driver[length] = '\0';
}

static struct rule any_rule(void)
{
	struct rule rule = {.action = below(4) == 0 ? RULE_KEEP : RULE_TAKE};
	unsigned first = below(KEYWORDS);

	for (unsigned i = 0; i < KEYWORDS; i++)
		if (i == 0 || below(5) == 0)
			rule.terms[rule.term_count++] = any_term((first + i) % KEYWORDS);
	rule.widening = (enum widening)below(3);
	strcpy(rule.driver, DRIVER_DEFAULT);
	if (rule.action == RULE_KEEP)
		return rule;
	any_driver(rule.driver);
	rule.unbind = (enum unbind_policy)below(3);
	rule.d3_off = below(2);
	rule.framebuffer = below(2) ? FRAMEBUFFER_LEAVE : FRAMEBUFFER_RELEASE;
	for (unsigned i = GUARD_NONE + 1; i < GUARD_COUNT; i++)
		if (!guard_not_liftable((enum guard)i) && below(3) == 0)
			rule.allow |= GUARD_BIT(i);
	return rule;
}

static void test_print_parse(void **state)
{
	(void)state;
	seed = 20240607;
	for (unsigned i = 0; i < GENERATED; i++) {
		char text[CONFIG_LINE_BYTES_MAX + 1], again[sizeof(text)];
		struct rule rule = any_rule();
		struct config config = {0};

		rule_format(&rule, text, sizeof(text));
		assert_true(strlen(text) < CONFIG_LINE_BYTES_MAX);
		assert_int_equal(config_add_file(&config, "f", text, strlen(text)), 0);
		if (config.problem_count != 0 || config.rule_count != 1 ||
			!rule_equal(&rule, &config.rules[0]))
			fail_msg("%u: %s: %s", i, text,
				config.problem_count ? config.problems[0].text
						     : "another rule");
		rule_format(&config.rules[0], again, sizeof(again));
		assert_string_equal(text, again);
		config_clear(&config);
	}
}

static void test_format(void **state)
{
	static const struct {
		const char *text;
		const char *printed;
	} rows[] = {
		{"1:0.0", "0000:01:00.0"},
		{"01:00.* id=10DE:*", "0000:01:00.* id=10de:*"},
		{"group=0014", "group=14"},
		{"group=1:0.0", "group=0000:01:00.0"},
		{"path=0000:0:1.0/0.0", "path=00:01.0/00.0"},
		{"id=1:2:*:*", "id=0001:0002"},
		{"keep with=slot 1:0.2", "keep 0000:01:00.2 with=slot"},
		{"unbind=safe driver=vfio-pci 1:0.0", "0000:01:00.0"},
		{"framebuffer=release 1:0.0", "0000:01:00.0"},
		{"framebuffer=leave 1:0.0", "0000:01:00.0 framebuffer=leave"},
		{"allow=storage+bridge unbind=never driver=pci-stub with=group 1:0.0",
			"0000:01:00.0 with=group driver=pci-stub unbind=never "
			"allow=bridge,storage"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config = {0};
		char text[256];

		assert_int_equal(
			config_add_file(&config, "f", rows[i].text, strlen(rows[i].text)),
			0);
		assert_int_equal(config.rule_count, 1);
		rule_format(&config.rules[0], text, sizeof(text));
		assert_string_equal(text, rows[i].printed);
		config_clear(&config);
	}
}

/* Every size, in a buffer of just that size: see with ASan. */
static void test_truncates(void **state)
{
	char whole[CONFIG_LINE_BYTES_MAX];

	(void)state;
	seed = 7;
	for (unsigned i = 0; i < 50; i++) {
		struct rule rule = any_rule();

		rule_format(&rule, whole, sizeof(whole));
		for (size_t size = 1; size <= strlen(whole) + 1; size++) {
			char *out = malloc(size);

			rule_format(&rule, out, size);
			assert_int_equal(strlen(out), size - 1);
			assert_memory_equal(out, whole, size - 1);
			free(out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_truncates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
