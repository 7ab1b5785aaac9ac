/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyboards and the interfaces that carry routes, on fake machines. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

/* Bits of KEY_ESC to KEY_S and many more, as an ordinary keyboard has them. */
#define KEYS                                                                             \
	"10000 0 0 0 1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"
#define BUTTONS "1f0000 0 0 0 0\n"
#define POWER   "10000000000000 0\n"

#define ROUTES                                                                           \
	"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWin\tIRTT"  \
	"\n"
#define VIA(interface, metric)                                                           \
	interface "\t00000000\t0202000A\t0003\t0\t0\t" metric "\t00000000\t0\t0\t0\n"
#define LAN(interface)                                                                   \
	interface "\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"

#define ROOT "root@00:17.0 carries / (/dev/sda);"

static int begin(void **state)
{
	host_begin(state);
	host_block(HBA "/ata1/block/sda", "8:0");
	host_mounts("27 1 8:0 / / rw - ext4 /dev/sda rw\n");
	return 0;
}

static void input(const char *name, const char *path, const char *keys, const char *title)
{
	char text[512], target[512];

	snprintf(text, sizeof(text), "sys/devices/%s/%s/capabilities/key", path, name);
	fake_file(&fake, text, keys);
	snprintf(text, sizeof(text), "sys/devices/%s/%s/name", path, name);
	fake_file(&fake, text, title);
	snprintf(text, sizeof(text), "sys/class/input/%s", name);
	snprintf(target, sizeof(target), "../../devices/%s/%s", path, name);
	fake_link(&fake, text, target);
}

static void interface(const char *path)
{
	fake_interface(&fake, path, "0x1003");
}

static void test_keyboards(void **state)
{
	(void)state;
	input("input3", XHCI "/usb1/1-1/1-1:1.0/0003:046D:C31C.0001/input", KEYS,
		"USB\n");
	host_expect(ROOT_FOUND, ROOT "keyboard@00:14.0 carries the keyboard USB;");
	input("input1", "platform/i8042/serio0/input", KEYS, "AT\n");
	host_expect(ROOT_FOUND, ROOT "keyboard@- carries the keyboard AT;"
				     "keyboard@00:14.0 carries the keyboard USB;");
}

/* Mice, buttons, headsets; programs and Bluetooth; entries that are no inputs. */
static void test_no_keyboards(void **state)
{
	(void)state;
	host_expect(ROOT_FOUND, ROOT);
	input("input3", XHCI "/usb1/1-1/input", BUTTONS, "mouse\n");
	input("input4", "LNXSYSTM:00/LNXPWRBN:00/input", POWER, "power\n");
	input("input5", "virtual/input", KEYS, "remapper\n");
	input("input6", "virtual/misc/uhid/0005:1:2.0001/input", KEYS, "bt\n");
	input("event3", XHCI "/usb1/1-1/input/input3", KEYS, "event\n");
	input("input7", XHCI "/usb1/1-2/input", "zz\n", "broken\n");
	input("input8", XHCI "/usb1/1-2/input", "\n", "empty\n");
	host_expect(ROOT_FOUND, ROOT);
}

static void routes(const char *v4, const char *v6)
{
	fake_file(&fake, "proc/net/route", v4);
	fake_file(&fake, "proc/net/ipv6_route", v6);
}

static void test_default_route(void **state)
{
	(void)state;
	interface(NIC "/net/eth0");
	interface(XHCI "/usb1/1-3/1-3:1.0/net/usb0");
	routes(ROUTES LAN("eth0"), "");
	host_expect(ROOT_FOUND, ROOT);
	routes(ROUTES LAN("eth0") VIA("eth0", "100") VIA("usb0", "600"), "");
	host_expect(ROOT_FOUND, ROOT "network@03:00.0 carries the default route (eth0);");
	/* The smaller metric is the one that is used. */
	routes(ROUTES VIA("eth0", "700") VIA("usb0", "600"), "");
	host_expect(ROOT_FOUND, ROOT "network@00:14.0 carries the default route (usb0);");
	/* A route that is down, one that rejects, and lines that are none. */
	routes(ROUTES "eth0\t00000000\t0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
		      "usb0\t00000000\t0\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
		      "eth0\n\n../eth0\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
		"");
	host_expect(ROOT_FOUND, ROOT);
}

#define ANY6 "00000000000000000000000000000000"

static void test_default_route_v6(void **state)
{
	(void)state;
	interface(NIC "/net/eth0");
	routes(ROUTES,
		ANY6 " 00 " ANY6 " 00 fe800000000000000000000000000001 00000400 "
		     "00000001 00000000 00000003     eth0\n" ANY6 " 00 " ANY6 " 00 " ANY6
		     " ffffffff 00000001 00000000 00200200       lo\n");
	host_expect(ROOT_FOUND, ROOT "network@03:00.0 carries the default route (eth0);");
	routes(ROUTES, ANY6 " 00 " ANY6 " 00 " ANY6
			    " ffffffff 00000001 00000000 00200200       lo\n");
	host_expect(ROOT_FOUND, ROOT);
}

/* A bridge over a bond of a card. */
static void test_stacked_interfaces(void **state)
{
	(void)state;
	interface(NIC "/net/eth0");
	interface("virtual/net/bond0");
	interface("virtual/net/br0");
	fake_link(&fake, "sys/devices/virtual/net/br0/lower_bond0", "../bond0");
	fake_link(&fake, "sys/devices/virtual/net/bond0/lower_eth0", "../nowhere");
	fake_link(&fake, "sys/devices/virtual/net/bond0/upper_br0", "../br0");
	/* Nobody makes such a circle; it must end all the same. */
	fake_link(&fake, "sys/devices/virtual/net/bond0/lower_br0", "../br0");
	routes(ROUTES VIA("br0", "0"), "");
	host_expect(ROOT_FOUND, ROOT "network@03:00.0 carries the default route (br0);");
}

/* A tunnel's packets go over another default route. */
static void test_tunnel(void **state)
{
	(void)state;
	interface(NIC "/net/eth0");
	interface("virtual/net/tun0");
	routes(ROUTES VIA("tun0", "50") VIA("eth0", "100"), "");
	host_expect(ROOT_FOUND, ROOT "network@03:00.0 carries the default route (eth0);");
	routes(ROUTES VIA("tun0", "50"), "");
	host_expect(ROOT_FOUND, ROOT);
}

static void test_network_root(void **state)
{
	(void)state;
	interface(NIC "/net/eth0");
	interface(XHCI "/usb1/1-3/net/usb0");
	host_mounts("27 1 0:25 / / rw - nfs 10.0.0.1:/srv rw\n");
	routes(ROUTES LAN("eth0") VIA("usb0", "1"), "");
	host_expect(ROOT_NETWORK, "network@00:14.0 carries / over the network (usb0);"
				  "network@00:14.0 carries the default route (usb0);"
				  "network@03:00.0 carries / over the network (eth0);");
}

static void check_known(bool keyboards, bool network)
{
	struct boot_source source;
	struct machine machine = {0};
	struct needs needs;

	assert_int_equal(host_needs_read(fake.root, &machine, NULL, &source, &needs), 0);
	assert_int_equal(needs.keyboards_known, keyboards);
	assert_int_equal(needs.network_known, network);
	needs_clear(&needs);
}

static void test_what_is_known(void **state)
{
	(void)state;
	check_known(false, false);
	fake_directory(&fake, "sys/class/input");
	fake_file(&fake, "proc/net/route", ROUTES);
	check_known(true, true);
	fake_bytes(&fake, "proc/net/ipv6_route", 5 * 1024 * 1024, '\n');
	check_known(true, false);
	fake_remove(&fake, "proc/net/route");
	fake_file(&fake, "proc/net/ipv6_route", "");
	check_known(true, true);
	/* In an initramfs both may still come. */
	host_mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
	check_known(false, false);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, host_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_keyboards),
		test(test_no_keyboards),
		test(test_default_route),
		test(test_default_route_v6),
		test(test_stacked_interfaces),
		test(test_tunnel),
		test(test_network_root),
		test(test_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
