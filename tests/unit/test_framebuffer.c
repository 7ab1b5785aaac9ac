/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/framebuffer.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_fate(void **state)
{
	static const struct {
		struct boot_framebuffer now;
		enum framebuffer_fate release;
		enum framebuffer_fate leave;
	} rows[] = {
		{{"", ""}, FRAMEBUFFER_GONE, FRAMEBUFFER_GONE},
		{{"efi-framebuffer.0", "efifb"}, FRAMEBUFFER_TO_RELEASE,
			FRAMEBUFFER_LEFT},
		/* Its driver draws there, though it could not claim the memory. */
		{{"efi-framebuffer.0", ""}, FRAMEBUFFER_TO_RELEASE, FRAMEBUFFER_LEFT},
		{{"simple-framebuffer.0", "BOOTFB"}, FRAMEBUFFER_FIXED, FRAMEBUFFER_LEFT},
		{{"simple-framebuffer.0", "simplefb"}, FRAMEBUFFER_TO_RELEASE,
			FRAMEBUFFER_LEFT},
		{{"", "BOOTFB"}, FRAMEBUFFER_FIXED, FRAMEBUFFER_LEFT},
		{{"", "efifb"}, FRAMEBUFFER_FIXED, FRAMEBUFFER_LEFT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(framebuffer_fate(FRAMEBUFFER_RELEASE, &rows[i].now),
			rows[i].release);
		assert_int_equal(
			framebuffer_fate(FRAMEBUFFER_LEAVE, &rows[i].now), rows[i].leave);
	}
}

/* As read on the kernels named; the addresses of who is not root are all zeros. */
static void test_iomem(void **state)
{
	static const struct {
		const char *text;
		const char *claim; /* NULL: none */
		const char *holder;
	} rows[] = {
		/* 6.1 */
		{"c0000000-febfffff : PCI Bus 0000:00\n"
		 "  c0000000-c10fffff : PCI Bus 0000:01\n"
		 "    c0000000-c0ffffff : 0000:01:00.0\n"
		 "      c0000000-c03e7fff : efifb\n"
		 "    c1000000-c1000fff : 0000:01:00.0\n",
			"efifb", "01:00.0"},
		/* 6.12 with SYSFB_SIMPLEFB */
		{"    c0000000-c0ffffff : 0000:01:00.0\n"
		 "      c0000000-c03e7fff : BOOTFB\n"
		 "        c0000000-c03e7fff : simpledrm\n",
			"BOOTFB", "01:00.0"},
		{"  fa000000-fbffffff : 10000:e1:00.0\n"
		 "    fa000000-fa3fffff : vesafb",
			"vesafb", "10000:e1:00.0"},
		{"00000000-00000000 : 0000:01:00.0\n  00000000-00000000 : efifb\n",
			"efifb", "01:00.0"},
		/* The second display. */
		{"  c0000000-c0ffffff : 0000:01:00.0\n"
		 "    c0000000-c0ffffff : bochs-drm\n"
		 "  c2000000-c2ffffff : 0000:02:00.0\n"
		 "    c2000000-c23e7fff : efifb\n",
			"efifb", "02:00.0"},
		/* In nobody's BAR: beside one, behind one, and without any. */
		{"  c0000000-c0ffffff : 0000:01:00.0\n  c1000000-c1ffffff : efifb\n",
			NULL, NULL},
		{"    c0000000-c0ffffff : 0000:01:00.0\n"
		 "  c1000000-c1ffffff : PCI Bus 0000:02\n"
		 "    c1000000-c1ffffff : efifb\n",
			NULL, NULL},
		{"c1000000-c1ffffff : efifb\n", NULL, NULL},
		/* Names that only begin or end so. */
		{"c0000000-c0ffffff : 0000:01:00.0\n"
		 "  c0000000-c03e7fff : efifb2\n  c0000000-c03e7fff : xefifb\n",
			NULL, NULL},
		{"c0000000-c0ffffff : 0000:01:00.0\n  c0000000-c03e7fff : vfio-pci\n",
			NULL, NULL},
		{"", NULL, NULL},
		{"\n\n : \n:\n      \nefifb\n : efifb", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_address holder, expected;
		char claim[FRAMEBUFFER_NAME_MAX];
		bool found = iomem_find_framebuffer(rows[i].text, claim, &holder);

		if (found != (rows[i].claim != NULL))
			fail_msg("row %zu: found %d", i, found);
		if (!found)
			continue;
		assert_string_equal(claim, rows[i].claim);
		expected = address_of(rows[i].holder);
		assert_int_equal(pci_address_compare(&holder, &expected), 0);
	}
}

static void check_boot_params(unsigned char type, const unsigned char base[4],
	unsigned char capabilities, const unsigned char high[4], uint64_t expected)
{
	char bytes[4096] = {0};
	uint64_t address = 1;
	bool found;

	bytes[0x0f] = (char)type;
	memcpy(bytes + 0x18, base, 4);
	bytes[0x36] = (char)capabilities;
	memcpy(bytes + 0x3a, high, 4);
	found = boot_params_find_framebuffer(bytes, sizeof(bytes), &address);
	assert_int_equal(found, expected != 0);
	assert_true(address == (found ? expected : 1));
	address = 1;
	assert_false(boot_params_find_framebuffer(bytes, 0x3f, &address));
	assert_int_equal(address, 1);
}

static void test_boot_params(void **state)
{
	static const unsigned char none[4] = {0}, base[4] = {0, 0, 0, 0xc0},
				   high[4] = {0x80, 0, 0, 0};

	(void)state;
	check_boot_params(0x70, base, 0, none, 0xc0000000);
	check_boot_params(0x70, base, 2, high, 0x80c0000000);
	check_boot_params(0x70, none, 2, high, 0x8000000000);
	check_boot_params(0x23, base, 0, none, 0xc0000000);
	/* The high half counts only where the capability says so. */
	check_boot_params(0x70, base, 1, high, 0xc0000000);
	check_boot_params(0x70, none, 0, none, 0);
	check_boot_params(0x22, base, 0, none, 0);
	check_boot_params(0x00, base, 0, none, 0);
}

static void test_resource(void **state)
{
	static const char text[] =
		"0x00000000c2000000 0x00000000c2ffffff 0x0000000000042208\n"
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		"0x00000000c3000000 0x00000000c3000fff 0x0000000000040200\n"
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		"0x0000008000000000 0x0000008fffffffff 0x0000000000140204\n"
		"0x00000000d0000000 0x00000000d000ffff 0x0000000000046200";

	(void)state;
	assert_true(resource_holds(text, 0xc2000000));
	assert_true(resource_holds(text, 0xc2ffffff));
	assert_true(resource_holds(text, 0xc3000800));
	assert_true(resource_holds(text, 0x8000000000));
	assert_false(resource_holds(text, 0xc1ffffff));
	assert_false(resource_holds(text, 0xc3001000));
	/* The seventh line is the ROM. */
	assert_false(resource_holds(text, 0xd0000000));
	assert_false(resource_holds(text, 0));
	assert_false(resource_holds("", 0xc2000000));
	assert_false(resource_holds("c2000000 c2ffffff\n0x\n0x1\n0x1 2\n", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fate),
		cmocka_unit_test(test_iomem),
		cmocka_unit_test(test_boot_params),
		cmocka_unit_test(test_resource),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
