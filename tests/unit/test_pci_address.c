/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/pci_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bad {
	const char *text;
	int r;
};

static void test_address_good(void **state)
{
	static const struct {
		const char *text;
		struct pci_address address;
		bool any;
		const char *printed;
	} rows[] = {
		{"01:00.0", {0, 1, 0, 0}, false, "0000:01:00.0"},
		{"1:2.3", {0, 1, 2, 3}, false, "0000:01:02.3"},
		{"0000:ff:1f.7", {0, 0xff, 0x1f, 7}, false, "0000:ff:1f.7"},
		{"10000:E1:1F.0", {0x10000, 0xe1, 0x1f, 0}, false, "10000:e1:1f.0"},
		{"7fffffff:00:00.0", {0x7fffffff, 0, 0, 0}, false, "7fffffff:00:00.0"},
		{"01:00.*", {0, 1, 0, 0}, true, "0000:01:00.*"},
		{"abcd:01:00.*", {0xabcd, 1, 0, 0}, true, "abcd:01:00.*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_address_pattern pattern;
		struct pci_address address;
		size_t length = strlen(rows[i].text);
		char out[PCI_ADDRESS_TEXT_MAX];

		assert_int_equal(
			pci_address_pattern_parse(rows[i].text, length, &pattern), 0);
		assert_int_equal(
			pci_address_compare(&pattern.address, &rows[i].address), 0);
		assert_int_equal(pattern.any_function, rows[i].any);
		pci_address_pattern_format(&pattern, out);
		assert_string_equal(out, rows[i].printed);
		assert_int_equal(pci_address_parse(rows[i].text, length, &address),
			rows[i].any ? -EINVAL : 0);
	}
}

static void test_address_bad(void **state)
{
	static const struct bad rows[] = {
		{"", -EINVAL},
		{":", -EINVAL},
		{".", -EINVAL},
		{"01", -EINVAL},
		{"01:00", -EINVAL},
		{"01.0", -EINVAL},
		{"01:00.", -EINVAL},
		{":00.0", -EINVAL},
		{"01:.0", -EINVAL},
		{"::00.0", -EINVAL},
		{"0000::00.0", -EINVAL},
		{":01:00.0", -EINVAL},
		{" 1:00.0", -EINVAL},
		{"01:0 .0", -EINVAL},
		{"01:00.g", -EINVAL},
		{"*:00.0", -EINVAL},
		{"01:*.0", -EINVAL},
		{"-1:00.0", -EINVAL},
		{"01:00.8", -ERANGE},
		{"01:20.0", -ERANGE},
		{"100:00.0", -ERANGE},
		{"01:00.10", -ERANGE},
		{"80000000:01:00.0", -ERANGE},
		{"100000000:01:00.0", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_address_pattern pattern = {.address.bus = 0x55};
		int r = pci_address_pattern_parse(
			rows[i].text, strlen(rows[i].text), &pattern);

		if (r != rows[i].r)
			fail_msg("%s: %d, expected %d", rows[i].text, r, rows[i].r);
		assert_int_equal(pattern.address.bus, 0x55);
	}
}

/* -ERANGE is for a field that is too large; what is no number is not of this form. */
static void test_garbage_is_not_out_of_range(void **state)
{
	static const char *const rows[] = {"nvidia:00.0", "01:slot.0", "01:00.0x",
		"01:00.**", "0000:01:00:00.0", "https://host.domain", "0x01:00.0",
		"01:00.0\n", "/00:01.0"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_address_pattern pattern;
		int r = pci_address_pattern_parse(rows[i], strlen(rows[i]), &pattern);

		if (r != -EINVAL)
			fail_msg("%s: %d", rows[i], r);
	}
}

static void test_path(void **state)
{
	static const struct {
		const char *text;
		const char *printed;
		unsigned hops;
		uint8_t last;
	} rows[] = {
		{"00:01.0/00.0", "00:01.0/00.0", 2, 0},
		{"0:1.0", "00:01.0", 1, 0x08},
		{"0000:00:1f.7/1f.6", "00:1f.7/1f.6", 2, 0xfe},
		{"10000:E0:06.0/0.1", "10000:e0:06.0/00.1", 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_path path, again;
		char out[PCI_PATH_TEXT_MAX];

		assert_int_equal(
			pci_path_parse(rows[i].text, strlen(rows[i].text), &path), 0);
		assert_int_equal(path.hops, rows[i].hops);
		assert_int_equal(path.devfn[path.hops - 1], rows[i].last);
		pci_path_format(&path, out);
		assert_string_equal(out, rows[i].printed);
		assert_int_equal(pci_path_parse(out, strlen(out), &again), 0);
		assert_true(pci_path_equal(&path, &again));
	}
}

static void test_path_bad(void **state)
{
	static const struct bad rows[] = {
		{"", -EINVAL},
		{"00:", -EINVAL},
		{"00:01.0/", -EINVAL},
		{"00:01.0//00.0", -EINVAL},
		{"00:01.*", -EINVAL},
		{"00:01.0/00.*", -EINVAL},
		{"01.0/00.0", -EINVAL},
		{"00:01.0/20.0", -ERANGE},
		{"00:01.0/00.8", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_path path = {.bus = 0x55};

		assert_int_equal(
			pci_path_parse(rows[i].text, strlen(rows[i].text), &path),
			rows[i].r);
		assert_int_equal(path.bus, 0x55);
	}
}

/* The longest path prints whole and reads back; one hop more is refused. */
static void test_path_longest(void **state)
{
	char text[16 + 5 * (PCI_PATH_HOPS_MAX + 1)] = "7fffffff:ff:1f.7";
	char out[PCI_PATH_TEXT_MAX];
	struct pci_path path = {0}, other;

	(void)state;
	for (unsigned i = 1; i < PCI_PATH_HOPS_MAX; i++)
		strcat(text, "/1f.7");
	assert_int_equal(pci_path_parse(text, strlen(text), &path), 0);
	assert_int_equal(path.hops, PCI_PATH_HOPS_MAX);
	pci_path_format(&path, out);
	assert_string_equal(out, text);
	strcat(text, "/0.0");
	assert_int_equal(pci_path_parse(text, strlen(text), &other), -ERANGE);
}

static void test_sysfs(void **state)
{
#define DEVICES "../../../devices/"
	static const struct {
		const char *link;
		const char *path; /* NULL: none */
		const char *address;
	} rows[] = {
		{DEVICES "pci0000:00/0000:00:1f.3", "00:1f.3", "0000:00:1f.3"},
		{DEVICES "pci0000:00/0000:00:01.0/0000:01:00.1", "00:01.0/00.1",
			"0000:01:00.1"},
		{DEVICES
			"pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0",
			"10000:e0:06.0/00.0", "10000:e1:00.0"},
		{DEVICES "platform/4010000000.pcie/pci0002:80/0002:80:00.0/0002:81:00.0",
			"0002:80:00.0/00.0", "0002:81:00.0"},
		{"/sys/devices/pci0000:00/0000:00:02.0", "00:02.0", "0000:00:02.0"},
		{DEVICES "pci0000:00", NULL, NULL},
		{DEVICES "virtual/net/lo", NULL, NULL},
		{"", NULL, NULL},
	};
#undef DEVICES

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_path path;
		struct pci_address address;
		char out[PCI_PATH_TEXT_MAX], text[PCI_ADDRESS_TEXT_MAX];

		assert_int_equal(pci_path_from_sysfs(rows[i].link, &path),
			rows[i].path ? 0 : -EINVAL);
		if (!rows[i].path) {
			assert_true(pci_address_from_sysfs(rows[i].link, &address) < 0);
			continue;
		}
		pci_path_format(&path, out);
		assert_string_equal(out, rows[i].path);
		assert_int_equal(pci_address_from_sysfs(rows[i].link, &address), 0);
		pci_address_format(&address, text);
		assert_string_equal(text, rows[i].address);
	}
}

static void test_id(void **state)
{
	static const struct {
		const char *text;
		const char *printed; /* NULL: refused with R */
		int r;
	} rows[] = {
		{"10de:2206", "10de:2206", 0},
		{"10DE:*", "10de:*", 0},
		{"*:2206", "*:2206", 0},
		{"1:2", "0001:0002", 0},
		{"10de:2206:1043:87d2", "10de:2206:1043:87d2", 0},
		{"10de:2206:*:*", "10de:2206", 0},
		{"10de:*:*:87d2", "10de:*:*:87d2", 0},
		{"10de:2206:1043:*", "10de:2206:1043:*", 0},
		{"*:*", NULL, -EINVAL},
		{"*:*:1043:87d2", NULL, -EINVAL},
		{"10de", NULL, -EINVAL},
		{"", NULL, -EINVAL},
		{":", NULL, -EINVAL},
		{"10de:", NULL, -EINVAL},
		{"10de:2206:1043", NULL, -EINVAL},
		{"10de:2206:1:2:3", NULL, -EINVAL},
		{"10de:22g6", NULL, -EINVAL},
		{"10de:2206:", NULL, -EINVAL},
		{"10000:2206", NULL, -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_id_pattern pattern;
		char out[PCI_ID_TEXT_MAX];

		assert_int_equal(pci_id_pattern_parse(
					 rows[i].text, strlen(rows[i].text), &pattern),
			rows[i].r);
		if (!rows[i].printed)
			continue;
		pci_id_pattern_format(&pattern, out);
		assert_string_equal(out, rows[i].printed);
	}
}

static void test_id_matches(void **state)
{
	static const struct pci_id id = {0x10de, 0x2206, 0x1043, 0x87d2};
	static const struct {
		const char *pattern;
		bool matches;
	} rows[] = {
		{"10de:2206", true},
		{"10de:*", true},
		{"*:2206", true},
		{"10de:2206:1043:87d2", true},
		{"10de:2206:*:87d2", true},
		{"10de:2207", false},
		{"1002:*", false},
		{"*:2207", false},
		{"10de:2206:1043:87d3", false},
		{"10de:2206:1044:*", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_id_pattern pattern;

		assert_int_equal(pci_id_pattern_parse(rows[i].pattern,
					 strlen(rows[i].pattern), &pattern),
			0);
		assert_int_equal(pci_id_pattern_matches(&pattern, &id), rows[i].matches);
	}
}

static void test_order_and_slot(void **state)
{
	static const struct pci_address order[] = {{0, 0, 0, 0}, {0, 0, 0, 1},
		{0, 0, 1, 0}, {0, 1, 0, 0}, {0, 0xff, 0x1f, 7}, {1, 0, 0, 0},
		{0x7fffffff, 0, 0, 0}};
	const struct pci_address_pattern slot = {{0, 0, 0, 0}, true};
	const struct pci_address_pattern one = {{0, 0, 0, 1}, false};
	struct pci_path a = {0, 0, 2, {8, 0}}, b = a;

	(void)state;
	for (int i = 0; i < 7; i++)
		for (int j = 0; j < 7; j++)
			assert_int_equal(pci_address_compare(&order[i], &order[j]),
				(i > j) - (i < j));
	assert_true(pci_address_same_slot(&order[0], &order[1]));
	assert_false(pci_address_same_slot(&order[0], &order[2]));
	assert_false(pci_address_same_slot(&order[0], &order[3]));
	assert_false(pci_address_same_slot(&order[0], &order[5]));
	assert_true(pci_address_pattern_matches(&slot, &order[1]));
	assert_false(pci_address_pattern_matches(&slot, &order[2]));
	assert_true(pci_address_pattern_matches(&one, &order[1]));
	assert_false(pci_address_pattern_matches(&one, &order[0]));
	assert_true(pci_path_equal(&a, &b));
	b.devfn[1] = 1;
	assert_false(pci_path_equal(&a, &b));
	b = a;
	b.hops = 1;
	assert_false(pci_path_equal(&a, &b));
	b = a;
	b.domain = 1;
	assert_false(pci_path_equal(&a, &b));
}

static void test_end_of_path(void **state)
{
	static const struct {
		const char *path;
		const char *address;
		bool may;
	} rows[] = {
		{"00:01.1/00.0", "0000:01:00.0", true},
		{"00:01.1/00.0", "0000:7f:00.0", true},
		{"00:01.1/00.0", "0000:01:00.1", false},
		{"00:01.1/00.0", "0000:01:01.0", false},
		{"00:01.1/00.0", "0001:01:00.0", false},
		{"10000:e0:06.0/00.0", "10000:e1:00.0", true},
		{"00:1f.3", "0000:00:1f.3", true},
		{"00:1f.3", "0000:01:1f.3", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_address address;
		struct pci_path path;

		assert_int_equal(
			pci_path_parse(rows[i].path, strlen(rows[i].path), &path), 0);
		assert_int_equal(pci_address_parse(rows[i].address,
					 strlen(rows[i].address), &address),
			0);
		if (pci_path_may_end_at(&path, &address) != rows[i].may)
			fail_msg("%s %s", rows[i].path, rows[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_good),
		cmocka_unit_test(test_address_bad),
		cmocka_unit_test(test_garbage_is_not_out_of_range),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_path_bad),
		cmocka_unit_test(test_path_longest),
		cmocka_unit_test(test_sysfs),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_id_matches),
		cmocka_unit_test(test_order_and_slot),
		cmocka_unit_test(test_end_of_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
