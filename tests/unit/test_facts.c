/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts: made on one boot, printed, read back, and applied to the machine of another. */
#include "core/facts.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT  "00:01.0 8086:1 060400 1 - bridge path=00:01.0"
#define NVME  "01:00.0 144d:a808 010802 2 - path=00:01.0/00.0"
#define NVME2 "02:00.0 144d:a808 010802 3 - path=00:02.0/00.0"
#define PORT2 "00:02.0 8086:1 060400 1 - bridge path=00:02.0"
#define VMD   "00:0e.0 8086:467f 010400 4 - path=00:0e.0"
#define CHILD "10000:e1:00.0 144d:a808 010802 5 - path=10000:e0:06.0/00.0"

#define HEAD                                                                             \
	"vfio-early-facts 1\nversion=0.1 made=7 config=00000000000000ff root=found "     \
	"why= keyboards=known network=known\n"

static const struct boot_source no_source;

static struct needs found_root(const char *address, const char *words)
{
	struct needs needs = {
		.root = ROOT_FOUND, .keyboards_known = true, .network_known = true};
	struct pci_address a = address_of(address);

	needs_add(&needs, NEED_ROOT, &a, "%s", words);
	needs_add_root_name(&needs, SPEC_UUID, "1234-abcd");
	return needs;
}

/* The facts of a machine and its needs, through text and back. */
static struct facts through_text(struct needs *needs, const char *const rows[])
{
	struct machine machine;
	struct facts facts, back;
	unsigned line = 0;
	char *text, *again;

	machine_build(&machine, rows);
	assert_int_equal(facts_make(needs, &machine, &facts), 0);
	text = facts_print(&facts);
	assert_non_null(text);
	if (facts_parse(text, strlen(text), &back, &line) != 0)
		fail_msg("line %u of %s", line, text);
	again = facts_print(&back);
	assert_string_equal(text, again);
	free(again);
	free(text);
	facts_clear(&facts);
	machine_clear(&machine);
	needs_clear(needs);
	return back;
}

/* What the facts say of a machine: its root, and the words of a need of ADDRESS. */
static enum root_place apply(const struct facts *facts, const char *const rows[],
	const char *cmdline, const char *address, const char *words)
{
	struct boot_source source;
	struct machine machine;
	struct needs needs = {0};
	const struct need *need = NULL;
	enum root_place root;

	machine_build(&machine, rows);
	boot_source_parse(cmdline, strlen(cmdline), &source);
	facts_apply(facts, &machine, &source, &needs);
	for (size_t i = 0; address && i < needs.count; i++) {
		struct pci_address a = address_of(address);

		if (needs.items[i].on_pci &&
			pci_address_compare(&needs.items[i].address, &a) == 0)
			need = &needs.items[i];
	}
	if (words) {
		assert_non_null(need);
		assert_string_equal(need->words, words);
	} else {
		assert_null(need);
	}
	if (needs.root != ROOT_FOUND)
		assert_string_not_equal(needs.root_words, "");
	root = needs.root;
	needs_clear(&needs);
	machine_clear(&machine);
	return root;
}

static void test_text(void **state)
{
	struct needs needs = found_root("01:00.0", "carries / (UUID=1 %\n)");
	struct machine machine;
	struct facts facts;
	char *text;

	(void)state;
	needs_add(&needs, NEED_KEYBOARD, NULL, "carries the keyboard AT");
	machine_build(&machine, ROWS(NVME, PORT));
	assert_int_equal(facts_make(&needs, &machine, &facts), 0);
	snprintf(facts.version, sizeof(facts.version), "0.1");
	facts.made = 7;
	facts.config_hash = 255;
	text = facts_print(&facts);
	assert_string_equal(text,
		HEAD "root kind=UUID name=1234-abcd\n"
		     "need kind=root words=carries%20/%20(UUID=1%20%25%0a) "
		     "function=00:01.0,8086:0001,060400 "
		     "function=00:01.0/00.0,144d:a808,010802\n"
		     "need kind=keyboard words=carries%20the%20keyboard%20AT\n");
	free(text);
	facts_clear(&facts);
	machine_clear(&machine);
	needs_clear(&needs);
}

static void test_same_machine(void **state)
{
	struct needs needs = found_root("01:00.0", "carries /");
	struct facts facts = through_text(&needs, ROWS(PORT, NVME, PORT2, NVME2));

	(void)state;
	assert_int_equal(
		apply(&facts, ROWS(PORT, NVME, PORT2, NVME2), "", "01:00.0", "carries /"),
		ROOT_FOUND);
	apply(&facts, ROWS(PORT, NVME, PORT2, NVME2), "", "02:00.0", NULL);
	/* The bridge above is never taken: nothing to say about it. */
	apply(&facts, ROWS(PORT, NVME), "", "00:01.0", NULL);
	facts_clear(&facts);
}

/* Buses renumbered: the same place by its path, under another address. */
static void test_renumbered(void **state)
{
	struct needs needs = found_root("01:00.0", "carries /");
	struct facts facts = through_text(&needs, ROWS(PORT, NVME));

	(void)state;
	assert_int_equal(
		apply(&facts,
			ROWS("00:01.0 8086:1 060400 1 - bridge path=00:01.0",
				"07:00.0 144d:a808 010802 2 - path=00:01.0/00.0",
				"01:00.0 144d:a808 010802 9 - path=00:03.0/00.0"),
			"", "07:00.0", "carries /"),
		ROOT_FOUND);
	facts_clear(&facts);
}

/* Neither the place nor the identity alone is enough. */
static void test_other_machine(void **state)
{
	static const char *const rows[] = {
		"01:00.0 144d:a809 010802 2 - path=00:01.0/00.0",
		"01:00.0 1987:a808 010802 2 - path=00:01.0/00.0",
		"01:00.0 144d:a808 010601 2 - path=00:01.0/00.0",
		"01:00.0 144d:a808 010802 2 - path=00:02.0/00.0",
		"01:00.0 144d:a808 010802 2 - path=1:00:01.0/00.0"};
	struct needs needs = found_root("01:00.0", "carries /");
	struct facts facts = through_text(&needs, ROWS(PORT, NVME));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(apply(&facts, ROWS(PORT, rows[i]), "", "01:00.0", NULL),
			ROOT_UNSEEN);
	facts_clear(&facts);
}

/* One of two controllers is gone: then the root may be anywhere. */
static void test_half_there(void **state)
{
	struct needs needs = found_root("01:00.0", "carries /");
	struct pci_address second = address_of("02:00.0");
	struct facts facts;

	(void)state;
	needs_add(&needs, NEED_ROOT, &second, "carries /");
	facts = through_text(&needs, ROWS(PORT, NVME, PORT2, NVME2));
	assert_int_equal(
		apply(&facts, ROWS(PORT, NVME, PORT2, NVME2), "", "02:00.0", "carries /"),
		ROOT_FOUND);
	assert_int_equal(
		apply(&facts, ROWS(PORT, NVME, PORT2), "", "01:00.0", "carries /"),
		ROOT_UNSEEN);
	facts_clear(&facts);
}

/* Another disk that is gone says nothing about the root. */
static void test_swap_is_gone(void **state)
{
	struct needs needs = found_root("01:00.0", "carries /");
	struct pci_address second = address_of("02:00.0");
	struct facts facts;

	(void)state;
	needs_add(&needs, NEED_DISK, &second, "carries swap");
	facts = through_text(&needs, ROWS(PORT, NVME, PORT2, NVME2));
	assert_int_equal(
		apply(&facts, ROWS(PORT, NVME, PORT2), "", "01:00.0", "carries /"),
		ROOT_FOUND);
	facts_clear(&facts);
}

/* Before its driver is there, a VMD controller has no children. */
static void test_vmd(void **state)
{
	struct needs needs = found_root("10000:e1:00.0", "carries /");
	struct pci_address front = address_of("00:0e.0");
	struct facts facts;

	(void)state;
	needs_add(&needs, NEED_ROOT, &front, "carries /");
	facts = through_text(&needs, ROWS(VMD, CHILD));
	assert_int_equal(
		apply(&facts, ROWS(VMD), "", "00:0e.0", "carries /"), ROOT_FOUND);
	assert_int_equal(
		apply(&facts, ROWS(VMD, CHILD), "", "10000:e1:00.0", "carries /"),
		ROOT_FOUND);
	assert_int_equal(apply(&facts, ROWS(PORT), "", NULL, NULL), ROOT_UNSEEN);
	facts_clear(&facts);
}

static void test_root_on_the_command_line(void **state)
{
	static const struct {
		const char *cmdline;
		enum root_place root;
	} rows[] = {
		{"root=UUID=1234-ABCD", ROOT_FOUND},
		{"root=UUID=9999-9999", ROOT_UNKNOWN},
		{"root=UUID=9999-9999 root=UUID=1234-abcd", ROOT_FOUND},
		/* Of these the facts know nothing to compare with. */
		{"root=LABEL=x", ROOT_FOUND},
		{"root=PARTUUID=9999-9999", ROOT_FOUND},
		{"root=/dev/sda1", ROOT_FOUND},
		{"root=/dev/mapper/vg-root", ROOT_FOUND},
		{"root=/dev/mapper/vg-other", ROOT_UNKNOWN},
		{"root=8:1", ROOT_FOUND},
		{"root=gpt-auto", ROOT_FOUND},
		{"quiet", ROOT_FOUND},
		/* Booted from somewhere else altogether. */
		{"root=/dev/nfs", ROOT_UNKNOWN},
		{"netroot=iscsi:x root=UUID=1234-abcd", ROOT_UNKNOWN},
	};
	struct needs needs = found_root("01:00.0", "carries /");
	struct facts facts;

	(void)state;
	needs_add_root_name(&needs, SPEC_NODE, "mapper/vg-root");
	facts = through_text(&needs, ROWS(PORT, NVME));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum root_place root = apply(&facts, ROWS(PORT, NVME), rows[i].cmdline,
			"01:00.0", "carries /");

		if (root != rows[i].root)
			fail_msg("%s: %s", rows[i].cmdline, root_place_name(root));
	}
	facts_clear(&facts);
}

/* What can be seen now is not unsaid by facts, and the other way round. */
static void test_both(void **state)
{
	struct needs needs = found_root("01:00.0", "carries /");
	struct facts facts = through_text(&needs, ROWS(PORT, NVME));
	struct machine machine;
	struct pci_address address = address_of("02:00.0");

	(void)state;
	machine_build(&machine, ROWS(PORT, NVME, PORT2, NVME2));
	needs = (struct needs){.root = ROOT_FOUND};
	needs_add(&needs, NEED_ROOT, &address, "carries / (seen)");
	facts_apply(&facts, &machine, &no_source, &needs);
	assert_int_equal(needs.count, 2);
	assert_int_equal(needs.root, ROOT_FOUND);
	needs_clear(&needs);
	needs = (struct needs){.root = ROOT_UNSEEN, .root_words = "root=x is not there"};
	facts_apply(&facts, &machine, &no_source, &needs);
	assert_int_equal(needs.root, ROOT_FOUND);
	assert_string_equal(needs.root_words, "");
	needs_clear(&needs);
	machine_clear(&machine);
	facts_clear(&facts);
}

static void test_unknown_stays_unknown(void **state)
{
	struct needs needs = {.root = ROOT_UNKNOWN, .root_words = "/ is of type overlay"};
	struct facts facts = through_text(&needs, ROWS(PORT, NVME));

	(void)state;
	assert_int_equal(facts.root, ROOT_UNKNOWN);
	assert_false(facts.keyboards_known);
	assert_int_equal(apply(&facts, ROWS(PORT, NVME), "", NULL, NULL), ROOT_UNKNOWN);
	/* Why it was not known then is why it is not known now. */
	facts_apply(&facts, &(struct machine){0}, &no_source, &needs);
	assert_string_equal(
		needs.root_words, "when the image was built: / is of type overlay");
	needs_clear(&needs);
	facts_clear(&facts);
	/* A need that was lost leaves nothing known. */
	needs = (struct needs){
		.root = ROOT_FOUND, .network_known = true, .incomplete = true};
	facts = through_text(&needs, ROWS(PORT, NVME));
	assert_int_equal(facts.root, ROOT_UNKNOWN);
	assert_false(facts.network_known);
	facts_clear(&facts);
	/* So does one whose function went away in between. */
	needs = found_root("05:00.0", "carries /");
	facts = through_text(&needs, ROWS(PORT, NVME));
	assert_int_equal(facts.root, ROOT_UNKNOWN);
	facts_clear(&facts);
}

static void test_no_function(void **state)
{
	struct needs needs = {.root = ROOT_FOUND};
	struct facts facts;
	struct machine machine;

	(void)state;
	needs_add(&needs, NEED_ROOT, NULL, "carries / (mmc)");
	facts = through_text(&needs, ROWS(PORT, NVME));
	machine_build(&machine, ROWS(PORT, NVME));
	facts_apply(&facts, &machine, &no_source, &needs);
	assert_int_equal(needs.count, 1);
	assert_false(needs.items[0].on_pci);
	assert_int_equal(needs.root, ROOT_FOUND);
	needs_clear(&needs);
	machine_clear(&machine);
	facts_clear(&facts);
}

static void test_bad_text(void **state)
{
	static const struct {
		const char *text;
		int error;
		unsigned line;
	} rows[] = {
		{"", -EBADMSG, 0},
		{"vfio-early-facts 1\n", -EBADMSG, 1},
		{"vfio-early-facts 1\nversion=1", -EBADMSG, 0},
		{"vfio-early-facts 2\nx=1\n", -EPROTONOSUPPORT, 1},
		{"vfio-early-report 1\nx=1\n", -EBADMSG, 1},
		{"vfio-early-facts 1\nroot=maybe\n", -EBADMSG, 2},
		{"vfio-early-facts 1\nkeyboards=1\n", -EBADMSG, 2},
		{"vfio-early-facts 1\nmade=-1\n", -EBADMSG, 2},
		{"vfio-early-facts 1\nconfig=xyz\n", -EBADMSG, 2},
		{"vfio-early-facts 1\nword\n", -EBADMSG, 2},
		{HEAD "need words=x\n", -EBADMSG, 3},
		{HEAD "need kind=pet\n", -EBADMSG, 3},
		{HEAD "need kind=root function=00:01.0\n", -EBADMSG, 3},
		{HEAD "need kind=root function=00:01.0,8086:1:1:1,060400\n", -EBADMSG, 3},
		{HEAD "need kind=root function=00:01.0,8086:*,060400\n", -EBADMSG, 3},
		{HEAD "need kind=root function=00:01.0,8086:0001,0604\n", -EBADMSG, 3},
		{HEAD "need kind=root function=zz,8086:0001,060400\n", -EBADMSG, 3},
		{HEAD "need kind=root words=%zz\n", -EBADMSG, 3},
		{HEAD "\nroot name=x\n", -EBADMSG, 4},
		{HEAD "root kind=pet name=x\n", -EBADMSG, 3},
	};
	struct facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned line = 77;
		int r = facts_parse(rows[i].text, strlen(rows[i].text), &facts, &line);

		if (r != rows[i].error || line != rows[i].line)
			fail_msg("%s: %d at %u", rows[i].text, r, line);
	}
}

/* What a newer program of the same format adds is passed over. */
static void test_unknown_words(void **state)
{
	static const char text[] =
		HEAD "pet kind=dog\nneed kind=disk words=x colour=red\n"
		     "root kind=LABEL name=r shape=round\n";
	struct facts facts;
	unsigned line;

	(void)state;
	assert_int_equal(facts_parse(text, strlen(text), &facts, &line), 0);
	assert_int_equal(facts.count, 1);
	assert_int_equal(facts.root_name_count, 1);
	assert_int_equal(facts.made, 7);
	assert_int_equal(facts.config_hash, 255);
	facts_clear(&facts);
}

static void test_limits(void **state)
{
	size_t size = FACTS_BYTES_MAX + 2, used;
	char *text = malloc(size);
	struct facts facts;
	unsigned line = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[size - 1] = '\n';
	assert_int_equal(facts_parse(text, size, &facts, &line), -EFBIG);
	used = (size_t)sprintf(text, HEAD);
	for (unsigned i = 0; i <= NEEDS_MAX; i++)
		used += (size_t)sprintf(text + used, "need kind=disk words=%u\n", i);
	assert_int_equal(facts_parse(text, used, &facts, &line), -EFBIG);
	assert_int_equal(line, 3 + NEEDS_MAX);
	used = (size_t)sprintf(text, HEAD);
	for (unsigned i = 0; i <= ROOT_NAMES_MAX; i++)
		used += (size_t)sprintf(text + used, "root kind=UUID name=%u\n", i);
	assert_int_equal(facts_parse(text, used, &facts, &line), -EFBIG);
	used = (size_t)sprintf(text, HEAD "need kind=disk");
	for (unsigned i = 0; i <= PCI_PATH_HOPS_MAX; i++)
		used += (size_t)sprintf(
			text + used, " function=00:01.0,8086:0001,060400");
	used += (size_t)sprintf(text + used, "\n");
	assert_int_equal(facts_parse(text, used, &facts, &line), -EBADMSG);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_same_machine),
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_other_machine),
		cmocka_unit_test(test_half_there),
		cmocka_unit_test(test_swap_is_gone),
		cmocka_unit_test(test_vmd),
		cmocka_unit_test(test_root_on_the_command_line),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_unknown_stays_unknown),
		cmocka_unit_test(test_no_function),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_unknown_words),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
