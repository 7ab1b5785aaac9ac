/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rule_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static int parse(struct rule *rule, enum rule_action action, const char *text,
	struct rule_problem *problem)
{
	*rule = (struct rule){.action = action};
	return rule_parse(rule, " \t", text, strlen(text), problem);
}

static void test_terms(void **state)
{
	struct rule_problem problem;
	struct rule rule;

	(void)state;
	assert_int_equal(
		parse(&rule, RULE_TAKE,
			"address=1:2.3 path=00:01.0/00.0 group=14 id=10de:*", &problem),
		0);
	assert_int_equal(rule.term_count, 4);
	assert_int_equal(rule.terms[0].kind, TERM_ADDRESS);
	assert_int_equal(rule.terms[0].address.address.bus, 1);
	assert_int_equal(rule.terms[0].address.address.device, 2);
	assert_int_equal(rule.terms[0].address.address.function, 3);
	assert_int_equal(rule.terms[1].kind, TERM_PATH);
	assert_int_equal(rule.terms[1].path.hops, 2);
	assert_int_equal(rule.terms[2].kind, TERM_GROUP_NUMBER);
	assert_int_equal(rule.terms[2].group, 14);
	assert_int_equal(rule.terms[3].kind, TERM_ID);
	assert_int_equal(rule.terms[3].id.id.vendor, 0x10de);
	assert_true(rule.terms[3].id.any_device);
	assert_int_equal(parse(&rule, RULE_TAKE, "group=10000:e1:00.1", &problem), 0);
	assert_int_equal(rule.terms[0].kind, TERM_GROUP_OF);
	assert_int_equal(rule.terms[0].group_of.domain, 0x10000);
	assert_int_equal(rule.terms[0].group_of.function, 1);
}

static void test_more_terms(void **state)
{
	struct rule_problem problem;
	struct rule rule;

	(void)state;
	assert_int_equal(parse(&rule, RULE_TAKE,
				 "class=0300 serial=00-11-22-33-44-55-66-77 "
				 "vf-of=03:00.1 boot-display=no",
				 &problem),
		0);
	assert_int_equal(rule.term_count, 4);
	assert_int_equal(rule.terms[0].kind, TERM_CLASS);
	assert_int_equal(rule.terms[0].class_pattern.code, 0x300);
	assert_int_equal(rule.terms[0].class_pattern.digits, 4);
	assert_int_equal(rule.terms[1].kind, TERM_SERIAL);
	assert_true(rule.terms[1].serial == 0x0011223344556677);
	assert_int_equal(rule.terms[2].kind, TERM_VF_OF);
	assert_int_equal(rule.terms[2].vf_of.function, 1);
	assert_int_equal(rule.terms[3].kind, TERM_BOOT_DISPLAY);
	assert_false(rule.terms[3].boot_display);
	assert_int_equal(
		parse(&rule, RULE_KEEP, "class=usb boot-display=yes", &problem), 0);
	assert_string_equal(rule.terms[0].class_pattern.word, "usb");
	assert_true(rule.terms[1].boot_display);
}

static void test_power_and_framebuffer(void **state)
{
	struct rule_problem problem;
	struct rule rule;

	(void)state;
	assert_int_equal(parse(&rule, RULE_TAKE, "01:00.0", &problem), 0);
	assert_false(rule.d3_off);
	assert_int_equal(rule.framebuffer, FRAMEBUFFER_RELEASE);
	assert_int_equal(
		parse(&rule, RULE_TAKE, "01:00.0 d3=off framebuffer=leave", &problem), 0);
	assert_true(rule.d3_off);
	assert_int_equal(rule.framebuffer, FRAMEBUFFER_LEAVE);
	assert_int_equal(
		parse(&rule, RULE_TAKE, "01:00.0 d3=on framebuffer=release", &problem),
		0);
	assert_false(rule.d3_off);
	assert_int_equal(rule.framebuffer, FRAMEBUFFER_RELEASE);
}

static void test_defaults(void **state)
{
	struct rule_problem problem;
	struct rule rule;

	(void)state;
	assert_int_equal(parse(&rule, RULE_TAKE, "01:00.*", &problem), 0);
	assert_string_equal(rule.driver, "vfio-pci");
	assert_int_equal(rule.unbind, UNBIND_SAFE);
	assert_int_equal(rule.widening, WIDEN_NONE);
	assert_int_equal(rule.allow, 0);
	assert_true(rule.terms[0].address.any_function);
}

static void test_options(void **state)
{
	static const struct {
		const char *options;
		enum widening widening;
		enum unbind_policy unbind;
		guard_set allow;
		const char *driver;
	} rows[] = {
		{"with=slot", WIDEN_SLOT, UNBIND_SAFE, 0, "vfio-pci"},
		{"with=group unbind=never", WIDEN_GROUP, UNBIND_NEVER, 0, "vfio-pci"},
		{"unbind=always driver=pci-stub", WIDEN_NONE, UNBIND_ALWAYS, 0,
			"pci-stub"},
		{"unbind=safe driver=a_B.9", WIDEN_NONE, UNBIND_SAFE, 0, "a_B.9"},
		{"allow=bridge", WIDEN_NONE, UNBIND_SAFE, GUARD_BIT(GUARD_BRIDGE),
			"vfio-pci"},
		{"allow=no-iommu,root-disk+storage", WIDEN_NONE, UNBIND_SAFE,
			GUARD_BIT(GUARD_NO_IOMMU) | GUARD_BIT(GUARD_ROOT_DISK) |
				GUARD_BIT(GUARD_STORAGE),
			"vfio-pci"},
		{"allow=keyboard+network+last-display+keyboard", WIDEN_NONE, UNBIND_SAFE,
			GUARD_BIT(GUARD_KEYBOARD) | GUARD_BIT(GUARD_NETWORK) |
				GUARD_BIT(GUARD_LAST_DISPLAY),
			"vfio-pci"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256] = "01:00.0 ";
		struct rule_problem problem;
		struct rule rule;

		strcat(text, rows[i].options);
		assert_int_equal(parse(&rule, RULE_TAKE, text, &problem), 0);
		assert_int_equal(rule.term_count, 1);
		assert_int_equal(rule.widening, rows[i].widening);
		assert_int_equal(rule.unbind, rows[i].unbind);
		assert_int_equal(rule.allow, rows[i].allow);
		assert_string_equal(rule.driver, rows[i].driver);
	}
}

struct bad {
	const char *text;
	size_t offset;
	const char *found;
	const char *expected;
};

static void check_bad(enum rule_action action, const struct bad *row)
{
	struct rule_problem problem = {.offset = 12345};
	struct rule rule;

	assert_int_equal(parse(&rule, action, row->text, &problem), -EINVAL);
	if (problem.offset != row->offset || !strstr(problem.text, row->found) ||
		!strstr(problem.text, row->expected))
		fail_msg("%s: at %zu: %s", row->text, problem.offset, problem.text);
}

static void test_bad(void **state)
{
	static const struct bad rows[] = {
		{"", 0, "\"\"", "expected an address"},
		{"with=slot", 0, "with=slot", "selects nothing"},
		{"01:00.8", 0, "\"01:00.8\": out of range", "FUNCTION may be *"},
		{"foo", 0, "\"foo\": not understood", "[DOMAIN:]BUS:DEVICE.FUNCTION"},
		{"01:00.0 flavour=1", 8, "flavour=1", "unknown term; expected"},
		{"01:00.0 ID=1:2", 8, "ID=1:2", "unknown term"},
		{"=01:00.0", 0, "=01:00.0", "unknown term"},
		{"01:00.0 02:00.0", 8, "02:00.0", "second address="},
		{"01:00.0 address=02:00.0", 8, "02:00.0", "on another line"},
		{"group=1 group=01:00.0", 8, "group=01:00.0", "second group="},
		{"01:00.0 with=slot with=slot", 18, "with=slot", "second with="},
		{"group=", 6, "\"\"", "decimal group number"},
		{"group=-1", 6, "\"-1\"", "decimal group number"},
		{"group=2147483648", 6, "out of range", "decimal group number"},
		{"group=01:00.*", 6, "01:00.*", "PCI address"},
		{"id=*:*", 3, "*:*", "not both"},
		{"id=10de", 3, "10de", "VENDOR:DEVICE"},
		{"path=01:00", 5, "01:00", "DEV.FN"},
		{"01:00.0 with=all", 13, "all", "with=slot or with=group"},
		{"01:00.0 unbind=maybe", 15, "maybe", "unbind=safe"},
		{"01:00.0 framebuffer=off", 20, "off", "framebuffer=leave"},
		{"01:00.0 driver=", 15, "\"\"", "driver=vfio-pci"},
		{"01:00.0 driver=..", 15, "..", "a driver's name"},
		{"01:00.0 driver=a/b", 15, "a/b", "a driver's name"},
		{"01:00.0 driver=a\nb", 15, "a\\x0ab", "a driver's name"},
		{"class=", 6, "\"\"", "hexadecimal digits of a class"},
		{"class=3", 6, "\"3\": not understood", "2, 4 or 6"},
		{"class=0300000", 6, "\"0300000\": out of range", "2, 4 or 6"},
		{"class=vga", 6, "vga", "a word as display"},
		{"class=03,04", 6, "03,04", "class code"},
		{"serial=1", 7, "\"1\"", "eight bytes"},
		{"serial=00-11-22-33-44-55-66-7g", 7, "7g", "eight bytes"},
		{"serial=00:11:22:33:44:55:66:77", 7, "00:11", "as 00-11-22"},
		{"vf-of=03:00.*", 6, "03:00.*", "vf-of=03:00.0"},
		{"boot-display=maybe", 13, "maybe", "boot-display=yes or"},
		{"01:00.0 d3=", 11, "\"\"", "d3=off or d3=on"},
		{"01:00.0 framebuffer=keep", 20, "keep", "framebuffer=leave"},
		{"d3=off", 0, "d3=off", "selects nothing"},
		{"01:00.0 allow=", 14, "\"\"", "guard names"},
		{"01:00.0 allow=bridge,", 14, "bridge,", "guard names"},
		{"01:00.0 allow=identity", 14, "identity", "cannot be lifted"},
		{"01:00.0 allow=storage+bound", 14, "storage+bound", "cannot be lifted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_bad(RULE_TAKE, &rows[i]);
}

static void test_bad_keep(void **state)
{
	static const struct bad rows[] = {
		{"01:00.0 driver=pci-stub", 8, "driver=pci-stub", "remove it"},
		{"01:00.0 unbind=never", 8, "unbind=never", "keep rule"},
		{"01:00.0 allow=bridge", 8, "allow=bridge", "keep rule"},
		{"01:00.0 d3=off", 8, "d3=off", "keep rule"},
		{"01:00.0 framebuffer=leave", 8, "framebuffer=leave", "keep rule"},
		{"", 0, "\"\"", "selects nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_bad(RULE_KEEP, &rows[i]);
}

static void test_lengths(void **state)
{
	char text[RULE_TERM_BYTES_MAX + 32] = "01:00.0 driver=";
	struct rule_problem problem;
	struct rule rule;

	(void)state;
	memset(text + 15, 'd', DRIVER_NAME_MAX - 1);
	assert_int_equal(parse(&rule, RULE_TAKE, text, &problem), 0);
	assert_int_equal(strlen(rule.driver), DRIVER_NAME_MAX - 1);
	memset(text + 15, 'd', DRIVER_NAME_MAX);
	assert_int_equal(parse(&rule, RULE_TAKE, text, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "out of range"));
	assert_int_equal(problem.offset, 15);
	memset(text + 15, 'd', RULE_TERM_BYTES_MAX - 6);
	assert_int_equal(parse(&rule, RULE_TAKE, text, &problem), -EINVAL);
	assert_int_equal(problem.offset, 8);
	assert_non_null(strstr(problem.text, "257 bytes; expected at most 256"));
	assert_non_null(strstr(problem.text, "...\""));
	assert_true(strlen(problem.text) < PROBLEM_TEXT_MAX);
}

static void test_separators(void **state)
{
	static const char text[] = ",01:00.0,,id=10de:2206 with=slot,";
	struct rule rule = {0};
	struct rule_problem problem;

	(void)state;
	assert_int_equal(rule_parse(&rule, ", \t", text, strlen(text), &problem), 0);
	assert_int_equal(rule.term_count, 2);
	assert_int_equal(rule.widening, WIDEN_SLOT);
	assert_int_equal(rule_parse(&rule, ", \t", "01:00.0", 6, &problem), -EINVAL);
}

/* NUL is no separator: only the bytes of SEPARATORS are. */
static void test_nul_is_no_separator(void **state)
{
	static const char text[] = "01:00.0\0id=10de:2206";
	struct rule rule = {0};
	struct rule_problem problem;

	(void)state;
	assert_int_equal(
		rule_parse(&rule, " \t", text, sizeof(text) - 1, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "\\x00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_more_terms),
		cmocka_unit_test(test_power_and_framebuffer),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_keep),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_nul_is_no_separator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
