/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/iommu_switches.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define FIRMWARE "switch it on in the firmware (VT-d, AMD-Vi)"
#define ADD_WORD " and, for Intel, with intel_iommu=on on the kernel command line"
#define TAKE_OUT " on the kernel command line switches it off: take that out"

/* What the command line says, and what there is to do. */
static void test_words(void **state)
{
	static const struct {
		const char *line;
		const char *off;
		bool intel_on;
		const char *fix;
	} rows[] = {
		{"", "", false, FIRMWARE ADD_WORD},
		{"quiet root=/dev/sda1", "", false, FIRMWARE ADD_WORD},
		{"intel_iommu=on", "", true, FIRMWARE},
		{"intel-iommu=igfx_off,on quiet", "", true, FIRMWARE},
		{"intel_iommu=sm_on", "", true, FIRMWARE},
		{"intel_iommu=off", "intel_iommu=off", false, "intel_iommu=off" TAKE_OUT},
		{"intel-iommu=off", "intel_iommu=off", false, "intel_iommu=off" TAKE_OUT},
		{"ro amd_iommu=off", "amd_iommu=off", false, "amd_iommu=off" TAKE_OUT},
		{"iommu=off", "iommu=off", false, "iommu=off" TAKE_OUT},
		{"iommu=pt,off", "iommu=pt,off", false, "iommu=pt,off" TAKE_OUT},
		{"intel_iommu=on iommu=off", "iommu=off", true, "iommu=off" TAKE_OUT},
		/* None of these is the word. */
		{"iommu=pt amd_iommu=on", "", false, FIRMWARE ADD_WORD},
		{"intel_iommu=igfx_off", "", false, FIRMWARE ADD_WORD},
		{"intel_iommu=offf xiommu=off iommu", "", false, FIRMWARE ADD_WORD},
		{"quiet -- iommu=off", "", false, FIRMWARE ADD_WORD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct iommu_switches switches;
		char fix[IOMMU_FIX_MAX];

		iommu_switches_read(rows[i].line, strlen(rows[i].line), &switches);
		iommu_fix(&switches, fix);
		assert_string_equal(switches.off, rows[i].off);
		assert_int_equal(switches.intel_on, rows[i].intel_on);
		assert_string_equal(fix, rows[i].fix);
	}
}

/* A word without an end is cut; what there is to do is said all the same. */
static void test_long_word(void **state)
{
	struct iommu_switches switches;
	char line[512], fix[IOMMU_FIX_MAX];

	(void)state;
	snprintf(line, sizeof(line), "intel_iommu=off,%0400d", 0);
	iommu_switches_read(line, strlen(line), &switches);
	assert_int_equal(strlen(switches.off), IOMMU_WORD_MAX - 1);
	iommu_fix(&switches, fix);
	assert_contains(fix, TAKE_OUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
