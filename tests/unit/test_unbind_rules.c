/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/unbind_rules.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define NVME       "nvme", 0x010802
#define USB        "xhci_hcd", 0x0c0330
#define GPU        "nouveau", 0x030000
#define VIRTIO_GPU "virtio-pci", 0x038000
#define ODD        "odd_nic", 0x020000

static const struct row {
	enum unbind_policy policy;
	enum use use;
	const char *driver;
	uint32_t class_code;
	const char *why; /* NULL: permitted */
	bool asks_use;
} rows[] = {
	{UNBIND_SAFE, USE_IDLE, NVME, NULL, true},
	{UNBIND_SAFE, USE_IDLE, USB, NULL, true},
	{UNBIND_SAFE, USE_IDLE, "ahci", 0x010601, NULL, true},
	{UNBIND_SAFE, USE_IDLE, "snd_hda_intel", 0x040300, NULL, true},
	{UNBIND_SAFE, USE_IDLE, "e1000e", 0x020000, NULL, true},
	{UNBIND_SAFE, USE_IDLE, "virtio-pci", 0x010000, NULL, true},
	{UNBIND_SAFE, USE_BUSY, NVME, "sda1 is mounted; taken only with unbind=always",
		true},
	{UNBIND_SAFE, USE_UNKNOWN, NVME, "sda1 is mounted; taken only with unbind=always",
		true},
	{UNBIND_SAFE, USE_NOT_ASKED, NVME, "; taken only with unbind=always", true},
	{UNBIND_SAFE, USE_IDLE, GPU, "never takes a display", false},
	{UNBIND_SAFE, USE_IDLE, VIRTIO_GPU, "never takes a display", false},
	{UNBIND_SAFE, USE_IDLE, "nvme", 0x030200, "taken only with unbind=always", false},
	{UNBIND_SAFE, USE_IDLE, ODD, "not known to let go cleanly", false},
	{UNBIND_SAFE, USE_IDLE, "nvm", 0x010802, "unbind=always", false},
	{UNBIND_SAFE, USE_IDLE, "nvme2", 0x010802, "unbind=always", false},
	{UNBIND_NEVER, USE_IDLE, NVME, "unbind=never", false},
	{UNBIND_NEVER, USE_BUSY, NVME, "unbind=never", false},
	{UNBIND_NEVER, USE_UNKNOWN, USB, "unbind=never", false},
	{UNBIND_NEVER, USE_IDLE, GPU, "unbind=never", false},
	{UNBIND_ALWAYS, USE_IDLE, NVME, NULL, false},
	{UNBIND_ALWAYS, USE_BUSY, NVME, NULL, false},
	{UNBIND_ALWAYS, USE_UNKNOWN, USB, NULL, false},
	{UNBIND_ALWAYS, USE_NOT_ASKED, ODD, NULL, false},
	{UNBIND_ALWAYS, USE_BUSY, GPU, NULL, false},
};

static struct pci_function function_of(const struct row *row)
{
	struct pci_function function = {.class_code = row->class_code, .use = row->use};

	strcpy(function.driver, row->driver);
	if (row->use == USE_BUSY || row->use == USE_UNKNOWN)
		strcpy(function.use_text, "sda1 is mounted");
	return function;
}

static void test_permitted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_function function = function_of(&rows[i]);
		char why[256] = "";
		bool permitted =
			unbind_permitted(rows[i].policy, &function, why, sizeof(why));

		if (permitted != !rows[i].why)
			fail_msg("row %zu (%s): %s", i, rows[i].driver, why);
		if (rows[i].why)
			assert_contains(why, rows[i].why);
	}
}

static void test_depends_on_use(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_function function = function_of(&rows[i]);

		if (unbind_depends_on_use(rows[i].policy, &function) != rows[i].asks_use)
			fail_msg("row %zu (%s)", i, rows[i].driver);
		function.driver[0] = '\0';
		assert_false(unbind_depends_on_use(rows[i].policy, &function));
	}
}

/* Where the answer is said not to depend on the use, it does not. */
static void test_use_matters_only_where_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pci_function function = function_of(&rows[i]);
		unsigned permitted = 0;
		char why[256];

		for (int use = USE_NOT_ASKED; use <= USE_UNKNOWN; use++) {
			function.use = (enum use)use;
			permitted += unbind_permitted(
				rows[i].policy, &function, why, sizeof(why));
		}
		assert_int_equal(permitted % 4 != 0, rows[i].asks_use);
	}
}

static void test_small_buffer(void **state)
{
	struct pci_function function = function_of(&rows[6]);
	char *why = malloc(8);

	(void)state;
	assert_false(unbind_permitted(UNBIND_SAFE, &function, why, 8));
	assert_string_equal(why, "sda1 is");
	free(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permitted),
		cmocka_unit_test(test_depends_on_use),
		cmocka_unit_test(test_use_matters_only_where_said),
		cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
