/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation of a whole run fails once, alone and with all that follow: nothing
 * crashes or leaks, and the failure is reported.
 *
 * Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=free:
 * strdup() of libc allocates where --wrap=malloc does not see it.
 */
#include "core/cmdline.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/report.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *old);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *old);

static struct {
	bool armed;
	bool and_all_after;
	unsigned long fail_at; /* from 0 */
	unsigned long asked;   /* while armed */
	unsigned long failed;
	long live; /* blocks that were not freed */
} heap;

static bool fails(void)
{
	unsigned long number;

	if (!heap.armed)
		return false;
	number = heap.asked++;
	if (number != heap.fail_at && !(heap.and_all_after && number > heap.fail_at))
		return false;
	heap.failed++;
	return true;
}

static void *born(void *block)
{
	heap.live += block != NULL;
	return block;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : born(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : born(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	return old ? __real_realloc(old, size) : born(__real_malloc(size));
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : born(__real_strdup(text));
}

void __wrap_free(void *old)
{
	heap.live -= old != NULL;
	__real_free(old);
}

/* Rules, problems, findings of every kind, more of them than one block holds. */
static const char config_text[] =
	"01:00.0 with=slot\n"
	"id=10de:* driver=pci-stub\n"
	"02:00.0\n"
	"keep 03:00.0\n"
	"group=4\n"
	"03:00.0\n"
	"bad line\n"
	"05:00.0\n05:00.1\n05:00.2\n05:00.3\n05:00.4\n05:00.5\n"
	"05:01.0\n05:01.1\n05:01.2\n05:01.3\n05:01.4\n05:01.5\n"
	"05:02.0\n05:02.1\n05:02.2\n05:02.3\n05:02.4\n05:02.5\n"
	"05:03.0\n05:03.1\n05:03.2\n05:03.3\n05:03.4\n05:03.5\n";
static const char cmdline_text[] =
	"root=/dev/sda vfio_early=dry-run vfio_early.take=04:00.0 vfio_early.foo=1";

#define MACHINE                                                                          \
	ROWS("01:00.0 10de:2206 030000 1 -", "01:00.1 10de:1aef 040300 1 -",             \
		"02:00.0 144d:a808 010802 2 nvme busy",                                  \
		"03:00.0 8086:1 020000 3 e1000e", "04:00.0 8086:2 0c0330 4 -",           \
		"04:00.1 8086:2 0c0330 4 xhci_hcd idle")

struct run {
	struct config config;
	struct selection selection;
	struct plan plan;
	struct report report;
	struct report back;
	char *text;
};

/* What a caller does; the first failure ends the work, not the reporting of it. */
static int do_work(struct run *run, const struct machine *machine)
{
	struct findings *findings = &run->report.findings;
	int r = config_add_file(&run->config, "f.conf", config_text, strlen(config_text));

	if (r == 0)
		r = cmdline_parse(&run->config, cmdline_text, strlen(cmdline_text));
	/* That they are there is test_problem_without_memory()'s to say. */
	for (size_t i = 0; run->config.problems && i < run->config.problem_count &&
			   i < CONFIG_PROBLEMS_MAX;
		i++)
		finding_add_problem(findings, &run->config.problems[i]);
	if (r == 0)
		r = selection_make(&run->config, machine, &run->selection, findings);
	if (r == 0)
		r = plan_make(machine, &run->selection, &run->plan, findings);
	plan_describe(&run->plan, findings);
	return r;
}

static int do_report(struct run *run)
{
	unsigned line;

	run->text = report_print(&run->report);
	if (!run->text)
		return -ENOMEM;
	return report_parse(run->text, strlen(run->text), &run->back, &line);
}

static void run_clear(struct run *run)
{
	free(run->text);
	report_clear(&run->back);
	report_clear(&run->report);
	plan_clear(&run->plan);
	selection_clear(&run->selection);
	config_clear(&run->config);
}

/* Returns whether an allocation was made to fail. */
static bool run_with_failure(
	const struct machine *machine, unsigned long fail_at, bool and_all_after)
{
	struct run run = {0};
	long before = heap.live;
	bool reported;
	int work, report;

	heap.fail_at = fail_at;
	heap.and_all_after = and_all_after;
	heap.asked = 0;
	heap.failed = 0;
	heap.armed = true;
	work = do_work(&run, machine);
	report = do_report(&run);
	heap.armed = false;

	reported = work == -ENOMEM || report == -ENOMEM || run.report.findings.incomplete;
	if (reported != (heap.failed > 0) || (work != 0 && work != -ENOMEM) ||
		(report != 0 && report != -ENOMEM))
		fail_msg("allocation %lu: work %d, report %d, incomplete %d", fail_at,
			work, report, run.report.findings.incomplete);
	if (report == 0)
		assert_int_equal(run.back.findings.count, run.report.findings.count);
	run_clear(&run);
	if (heap.live != before)
		fail_msg(
			"allocation %lu: %ld blocks leaked", fail_at, heap.live - before);
	return heap.failed > 0;
}

static void test_one_fails(void **state)
{
	struct machine machine;
	unsigned long number = 0;

	(void)state;
	machine_build(&machine, MACHINE);
	while (run_with_failure(&machine, number, false))
		number++;
	assert_true(number > 15);
	machine_clear(&machine);
}

static void test_all_from_there_fail(void **state)
{
	struct machine machine;
	unsigned long number = 0;

	(void)state;
	machine_build(&machine, MACHINE);
	while (run_with_failure(&machine, number, true))
		number++;
	assert_true(number > 15);
	machine_clear(&machine);
}

/* The problem that could not be stored does not count as a stored one. */
static void test_problem_without_memory(void **state)
{
	struct config config = {0};

	(void)state;
	heap.fail_at = 1; /* 0 is the name of the file */
	heap.and_all_after = false;
	heap.asked = 0;
	heap.armed = true;
	assert_int_equal(config_add_file(&config, "f", "bad\n", 4), -ENOMEM);
	heap.armed = false;
	assert_true(config.problem_count == 0 || config.problems);
	config_clear(&config);
}

static void test_machine_add(void **state)
{
	struct machine machine = {0};
	long before = heap.live;

	(void)state;
	heap.fail_at = 1;
	heap.and_all_after = true;
	heap.asked = 0;
	heap.armed = true;
	while (machine_add(&machine))
		machine.functions[machine.count - 1].group = (int)machine.count;
	heap.armed = false;
	assert_true(machine.count > 0);
	for (size_t i = 0; i < machine.count; i++)
		assert_int_equal(machine.functions[i].group, i + 1);
	assert_non_null(machine_add(&machine));
	machine_clear(&machine);
	assert_int_equal(heap.live, before);
}

/* Needs, facts, text, facts, needs. True where all of it came to its end. */
static bool facts_and_back(const struct machine *machine)
{
	const struct boot_source source = {0};
	struct needs needs = {.root = ROOT_FOUND}, again = {0};
	struct facts facts = {0}, back = {0};
	unsigned line;
	char *text = NULL;
	int r;

	needs_add(&needs, NEED_ROOT, &machine->functions[0].address, "carries /");
	needs_add(&needs, NEED_KEYBOARD, NULL, "carries a keyboard");
	r = facts_make(&needs, machine, &facts);
	if (r == 0) {
		text = facts_print(&facts);
		r = text ? facts_parse(text, strlen(text), &back, &line) : -ENOMEM;
	}
	if (r == 0)
		facts_apply(&back, machine, &source, &again);
	assert_true(r == 0 || r == -ENOMEM);
	/* What was lost leaves nothing known. */
	if (needs.incomplete)
		assert_int_equal(facts.root, ROOT_UNKNOWN);
	r = r == 0 && !needs.incomplete && !again.incomplete;
	free(text);
	facts_clear(&facts);
	facts_clear(&back);
	needs_clear(&needs);
	needs_clear(&again);
	return r;
}

static void test_facts(void **state)
{
	struct machine machine;

	(void)state;
	machine_build(&machine, MACHINE);
	for (unsigned pass = 0; pass < 2; pass++) {
		unsigned long number = 0;
		long before = heap.live;

		do {
			bool done;

			heap.fail_at = number++;
			heap.and_all_after = pass == 1;
			heap.asked = 0;
			heap.failed = 0;
			heap.armed = true;
			done = facts_and_back(&machine);
			heap.armed = false;
			assert_int_equal(done, heap.failed == 0);
			assert_int_equal(heap.live, before);
		} while (heap.failed > 0);
		assert_true(number > 6);
	}
	machine_clear(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_fails),
		cmocka_unit_test(test_all_from_there_fail),
		cmocka_unit_test(test_problem_without_memory),
		cmocka_unit_test(test_machine_add),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
