/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/host_session.h"

#include "fake_host.h"
#include "machine_builder.h"
#include "scan/scan.h"

#include <stdio.h>
#include <string.h>

#define SHELL 300
#define SUDO  200
#define SSHD  100

#define HEAD                                                                             \
	"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\t"   \
	"IRTT\n"
#define LAN(interface)                                                                   \
	interface "\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n" /* 10/8 */
#define NEAR(interface)                                                                  \
	interface "\t0001020A\t00000000\t0001\t0\t0\t50\t00FFFFFF\t0\t0\t0\n" /*         \
									 10.2.1/24 */
#define VIA(interface)                                                                   \
	interface "\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define LAN6(interface)                                                                  \
	"20010db8000000000000000000000000 20 00000000000000000000000000000000 00 "       \
	"00000000000000000000000000000000 00000100 00000001 00000000 00000001 "          \
	"    " interface "\n"

#define ETH0 "network@03:00.0 carries the session that runs this command (eth0);"
#define USB0 "network@00:14.0 carries the session that runs this command (usb0);"

static void process(unsigned number, unsigned parent, const char *environment)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%u/stat", number);
	snprintf(text, sizeof(text), "%u (a ) 1 (x)) S %u 1 1 0 -1 4194304 0\n", number,
		parent);
	fake_file(&fake, path, text);
	snprintf(path, sizeof(path), "proc/%u/environ", number);
	fake_file(&fake, path, environment);
}

static int begin(void **state)
{
	int r = host_begin(state);

	if (r == 0) {
		fake_interface(&fake, NIC "/net/eth0", "0x1003");
		fake_interface(&fake, XHCI "/usb1/1-3/net/usb0", "0x1003");
		fake_file(&fake, "proc/net/route",
			HEAD LAN("eth0") NEAR("usb0") VIA("eth0"));
		fake_file(&fake, "proc/net/ipv6_route", LAN6("usb0"));
		process(SSHD, 1, "");
		process(SUDO, SSHD, "");
		process(SHELL, SUDO, "");
	}
	return r;
}

static void check(const char *expected)
{
	struct machine machine = {0};
	struct needs needs = {0};

	assert_int_equal(scan_machine(fake.root, NULL, &machine), 0);
	host_session_read(fake.root, SHELL, &machine, &needs);
	assert_string_equal(host_needs_text(&needs), expected);
	needs_clear(&needs);
	machine_clear(&machine);
}

static void connection(unsigned number, unsigned parent, const char *value)
{
	char text[256];

	snprintf(text, sizeof(text), "SSH_CONNECTION=%s", value);
	process(number, parent, text);
}

static void test_nobody(void **state)
{
	(void)state;
	check("");
	process(SHELL, SUDO, "XSSH_CONNECTION=10.0.0.5 1 10.0.0.1 22");
	check("");
	fake_remove(&fake, "proc/200/stat");
	check("");
}

static void test_longest_prefix(void **state)
{
	(void)state;
	connection(SHELL, SUDO, "10.0.0.5 50000 10.0.0.1 22");
	check(ETH0);
	connection(SHELL, SUDO, "10.2.1.9 50000 10.2.1.1 22");
	check(USB0);
	connection(SHELL, SUDO, "192.0.2.7 50000 10.0.0.1 22");
	check(ETH0);
	connection(SHELL, SUDO, "::ffff:10.2.1.9 50000 ::ffff:10.2.1.1 22");
	check(USB0);
}

static void test_v6(void **state)
{
	(void)state;
	connection(SHELL, SUDO, "2001:db8::5 50000 2001:db8::1 22");
	check(USB0);
	connection(SHELL, SUDO, "fe80::1%eth0 50000 fe80::2 22");
	check(ETH0);
}

/* sudo takes the variable away; whoever started it has it. */
static void test_ancestor(void **state)
{
	(void)state;
	connection(SSHD, 1, "10.2.1.9 50000 10.2.1.1 22");
	check(USB0);
	connection(SHELL, SUDO, "10.0.0.5 50000 10.0.0.1 22");
	check(USB0 ETH0);
	/* Its own child: this comes to an end all the same. */
	process(SSHD, SHELL, "");
	check(ETH0);
}

/* What cannot be followed may be any of them. */
static void test_no_route(void **state)
{
	(void)state;
	connection(SHELL, SUDO, "2001:dead::5 50000 2001:dead::1 22");
	check(USB0 ETH0);
	connection(SHELL, SUDO, "garbage 50000 x 22");
	check(USB0 ETH0);
	connection(SHELL, SUDO, "fe80::1%../../eth0 50000 x 22");
	check(USB0 ETH0);
	connection(SHELL, SUDO, " ");
	check(USB0 ETH0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, host_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nobody),
		test(test_longest_prefix),
		test(test_v6),
		test(test_ancestor),
		test(test_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
