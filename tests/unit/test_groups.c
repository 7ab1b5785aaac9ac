/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/groups.h"

#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void members_stand_together(void **state)
{
	struct machine machine;
	struct groups groups;
	size_t first;

	(void)state;
	machine_build(&machine,
		ROWS("00:01.0 8086:1 060400 2 pcieport bridge",
			"00:02.0 8086:2 030000 0 -", "01:00.0 10de:2206 030000 2 -",
			"02:00.0 10de:1 030000 - -", "03:00.0 10de:2 030000 1000000 -",
			"04:00.0 10de:3 030000 2 -"));
	assert_int_equal(groups_make(&machine, &groups), 0);
	assert_int_equal(groups.count, 5);
	first = groups_first(&groups, 2);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(groups.members[first + i].group, 2);
	assert_int_equal(groups.members[first].function, 0);
	assert_int_equal(groups.members[first + 1].function, 2);
	assert_int_equal(groups.members[first + 2].function, 5);
	assert_int_equal(groups.members[groups_first(&groups, 0)].function, 1);
	assert_int_equal(groups.members[groups_first(&groups, 1000000)].function, 4);
	groups_clear(&groups);
	machine_clear(&machine);
}

static void a_group_that_is_not_there(void **state)
{
	struct machine machine;
	struct groups groups;

	(void)state;
	machine_build(&machine,
		ROWS("01:00.0 10de:2206 030000 2 -", "02:00.0 10de:1 030000 5 -"));
	assert_int_equal(groups_make(&machine, &groups), 0);
	assert_int_equal(groups_first(&groups, 1), groups.count);
	assert_int_equal(groups_first(&groups, 3), groups.count);
	assert_int_equal(groups_first(&groups, 6), groups.count);
	assert_int_equal(groups_first(&groups, MACHINE_GROUP_NONE), groups.count);
	groups_clear(&groups);
	machine_clear(&machine);
}

static void no_machine(void **state)
{
	struct machine machine = {0};
	struct groups groups;

	(void)state;
	assert_int_equal(groups_make(&machine, &groups), 0);
	assert_int_equal(groups_first(&groups, 0), groups.count);
	groups_clear(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_together),
		cmocka_unit_test(a_group_that_is_not_there),
		cmocka_unit_test(no_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
