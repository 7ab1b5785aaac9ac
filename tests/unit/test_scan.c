/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan/scan.h"

#include "fake_sysfs.h"
#include "machine_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORT "pci0000:00/0000:00:01.0"
#define GPU  PORT "/0000:01:00.0"
#define NIC  "pci0000:00/0000:00:1f.6"
#define VMD  "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0"

static struct fake fake;
static struct machine machine;

static int begin(void **state)
{
	(void)state;
	fake_begin(&fake);
	machine = (struct machine){0};
	return 0;
}

static int end(void **state)
{
	(void)state;
	machine_clear(&machine);
	fake_end(&fake);
	return 0;
}

static void scan(size_t expected)
{
	machine_clear(&machine);
	assert_int_equal(scan_machine(fake.root, NULL, &machine), 0);
	assert_int_equal(machine.count, expected);
}

static struct pci_function *at(const char *text)
{
	struct pci_address address = address_of(text);
	struct pci_function *function = machine_find(&machine, &address);

	if (!function)
		fail_msg("no function %s", text);
	return function;
}

static void assert_path(const char *address, const char *path)
{
	char text[PCI_PATH_TEXT_MAX];

	pci_path_format(&at(address)->path, text);
	assert_string_equal(text, path);
}

static void test_empty(void **state)
{
	(void)state;
	scan(0);
	assert_false(machine.has_iommu);
}

static void test_no_sysfs(void **state)
{
	struct machine untouched = {.count = 77};

	(void)state;
	fake_remove(&fake, "sys/bus/pci");
	assert_int_equal(scan_machine(fake.root, NULL, &untouched), -ENOENT);
	assert_int_equal(untouched.count, 77);
}

static void test_everything(void **state)
{
	const struct pci_function *gpu;

	(void)state;
	fake_function(&fake, GPU " 10de:2206:1043:87d2 030001 group=13 driver=nouveau");
	fake_function(&fake, PORT " 8086:1901 060400 group=1 bridge driver=pcieport");
	fake_function(&fake, "pci0000:00/0000:00:00.0 8086:9b33 060000 group=0");
	scan(3);
	assert_true(machine.has_iommu);
	gpu = at("01:00.0");
	assert_int_equal(gpu->id.vendor, 0x10de);
	assert_int_equal(gpu->id.device, 0x2206);
	assert_int_equal(gpu->id.subvendor, 0x1043);
	assert_int_equal(gpu->id.subdevice, 0x87d2);
	assert_int_equal(gpu->class_code, 0x030001);
	assert_int_equal(gpu->group, 13);
	assert_string_equal(gpu->driver, "nouveau");
	assert_false(gpu->is_bridge);
	assert_int_equal(gpu->unknown, 0);
	assert_int_equal(gpu->use, USE_NOT_ASKED);
	assert_path("01:00.0", "00:01.0/00.0");
	assert_true(at("00:01.0")->is_bridge);
	assert_int_equal(at("00:00.0")->group, 0);
	assert_string_equal(at("00:00.0")->driver, "");
}

static void test_no_groups(void **state)
{
	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000");
	scan(1);
	assert_int_equal(at("01:00.0")->group, MACHINE_GROUP_NONE);
	assert_false(machine.has_iommu);
	assert_string_equal(machine.iommu_switches.off, "");
	/* Why there is none may be on the command line. */
	fake_file(&fake, "proc/cmdline", "quiet intel_iommu=off\n");
	scan(1);
	assert_false(machine.has_iommu);
	assert_string_equal(machine.iommu_switches.off, "intel_iommu=off");
	/* An IOMMU without this device in a group. */
	fake_directory(&fake, "sys/class/iommu");
	scan(1);
	assert_false(machine.has_iommu);
	fake_directory(&fake, "sys/class/iommu/dmar0");
	scan(1);
	assert_true(machine.has_iommu);
	assert_int_equal(at("01:00.0")->group, MACHINE_GROUP_NONE);
}

static void test_paths(void **state)
{
	(void)state;
	fake_function(&fake, VMD " 144d:a808 010802 group=20");
	fake_function(&fake,
		PORT "/0000:02:00.0/0000:03:04.0/0000:05:00.1 1022:1487 040300 group=21");
	fake_function(&fake, "pci0001:80/0001:80:02.3 1:1 020000");
	scan(3);
	assert_path("10000:e1:00.0", "10000:e0:06.0/00.0");
	assert_path("05:00.1", "00:01.0/00.0/04.0/00.1");
	assert_path("0001:80:02.3", "0001:80:02.3");
	/* By address, ascending. */
	assert_int_equal(machine.functions[0].address.bus, 5);
	assert_int_equal(machine.functions[2].address.domain, 0x10000);
}

/* Behind VMD as elsewhere: a card in a lower slot takes the bus number of the next one.
 */
static void test_paths_stay(void **state)
{
#define HOST "pci0000:00/0000:00:0e.0/pci10000:e0/"
	(void)state;
	fake_function(&fake, VMD " 144d:a808 010802 group=20");
	scan(1);
	assert_path("10000:e1:00.0", "10000:e0:06.0/00.0");
	fake_remove(&fake, "sys/bus/pci/devices/10000:e1:00.0");
	fake_remove(&fake, "sys/kernel/iommu_groups/20/devices/10000:e1:00.0");
	fake_function(
		&fake, HOST "10000:e0:04.0/10000:e1:00.0 1344:5405 010802 group=20");
	fake_function(
		&fake, HOST "10000:e0:06.0/10000:e2:00.0 144d:a808 010802 group=20");
	scan(2);
	assert_path("10000:e1:00.0", "10000:e0:04.0/00.0");
	assert_path("10000:e2:00.0", "10000:e0:06.0/00.0");
#undef HOST
}

/* Gone between the listing and the read: the link is there, the directory is not. */
static void test_vanishing(void **state)
{
	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1");
	fake_function(&fake, NIC " 8086:15b8 020000 group=2 driver=e1000e");
	fake_remove(&fake, "sys/devices/" PORT);
	scan(1);
	at("00:1f.6");
}

/* Something else in that directory is passed over. */
static void test_other_names(void **state)
{
	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000");
	fake_link(&fake, "sys/bus/pci/devices/0000:01:00", "../../../devices/" GPU);
	fake_link(&fake, "sys/bus/pci/devices/x", "../../../devices/" GPU);
	fake_link(&fake, "sys/bus/pci/devices/0000:01:00.8", "../../../devices/" GPU);
	fake_link(&fake, "sys/bus/pci/devices/0000:01:00.*", "../../../devices/" GPU);
	scan(1);
}

static void test_modalias(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"pci:v000010DEd00002206sv00001043sd000087D2bc03sc00i00\n", true},
		{"pci:v000010DEd00002206sv00001043sd000087D2bc03sc00i00", true},
		{"", false},
		{"\n", false},
		{"pci:v000010DE\n", false},
		{"pci:v000010DEd00002206sv00001043sd000087D2bc03sc00i\n", false},
		{"pci:v000010DEd00002206sv00001043sd000087D2bc03sc00i0\n", false},
		{"pci:v000110DEd00002206sv00001043sd000087D2bc03sc00i00\n", false},
		{"pci:v000010DEd0000220Gsv00001043sd000087D2bc03sc00i00\n", false},
		{"pci:v000010DEd00002206sv00001043sd000087D2bc03sc-1i00\n", false},
		{"pci:d00002206v000010DEsv00001043sd000087D2bc03sc00i00\n", false},
		{"usb:v000010DEd00002206sv00001043sd000087D2bc03sc00i00\n", false},
	};

	(void)state;
	fake_function(&fake, NIC " 8086:15b8 020000");
	fake_function(&fake, GPU " 1:1 000000");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_file(&fake, "sys/devices/" GPU "/modalias", rows[i].text);
		scan(2);
		assert_int_equal(at("01:00.0")->unknown, rows[i].good ? 0 : -EINVAL);
		assert_int_equal(at("01:00.0")->id.subdevice, rows[i].good ? 0x87d2 : 0);
	}
	fake_bytes(&fake, "sys/devices/" GPU "/modalias", 8192, 'p');
	scan(2);
	assert_int_equal(at("01:00.0")->unknown, -EFBIG);
	fake_remove(&fake, "sys/devices/" GPU "/modalias");
	scan(1);
}

struct observed {
	char refuse[PCI_ADDRESS_TEXT_MAX];
	char text[256];
};

static bool observe(void *context, enum scan_part part, const struct pci_address *address)
{
	struct observed *observed = context;
	char text[PCI_ADDRESS_TEXT_MAX];
	size_t used = strlen(observed->text);

	pci_address_format(address, text);
	snprintf(observed->text + used, sizeof(observed->text) - used, "%s%s;",
		part == SCAN_WITH_LOCK ? "lock " : "", text);
	return strcmp(text, observed->refuse) != 0;
}

static void test_observer(void **state)
{
	struct observed observed = {.refuse = "0000:01:00.0"};
	const struct scan_observer observer = {&observed, observe};

	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 driver=nouveau");
	fake_function(&fake, NIC " 8086:15b8 020000 group=2");
	assert_int_equal(scan_machine(fake.root, &observer, &machine), 0);
	assert_int_equal(machine.count, 2);
	assert_int_equal(at("01:00.0")->unknown, -ETIMEDOUT);
	assert_string_equal(at("01:00.0")->driver, "");
	assert_int_equal(at("00:1f.6")->unknown, 0);
	assert_contains(observed.text, "0000:01:00.0;");
	assert_contains(observed.text, "0000:00:1f.6;");
}

/* Selects by the config, then reads what is wanted. */
static void wanted(const char *config_text, const struct scan_observer *observer)
{
	struct config config = {0};
	struct selection selection;
	struct findings findings = {0};

	scan(machine.count);
	assert_int_equal(
		config_add_file(&config, SCENE_FILE, config_text, strlen(config_text)),
		0);
	assert_int_equal(config.problem_count, 0);
	assert_int_equal(selection_make(&config, &machine, &selection, &findings), 0);
	scan_wanted(fake.root, observer, &selection, true);
	selection_clear(&selection);
	findings_clear(&findings);
	config_clear(&config);
}

static void test_override(void **state)
{
	static const struct {
		const char *content, *expected;
	} rows[] = {{"(null)\n", ""}, {"vfio-pci\n", "vfio-pci"}, {"\n", ""}, {"", ""},
		{" vfio-pci\n", " vfio-pci"}};

	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1");
	fake_function(&fake, NIC " 8086:15b8 020000 group=2 override=e1000e");
	scan(2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_file(&fake, "sys/devices/" GPU "/driver_override", rows[i].content);
		wanted("01:00.0\n", NULL);
		assert_string_equal(at("01:00.0")->override, rows[i].expected);
		/* Nobody wants this one, so it is not read. */
		assert_string_equal(at("00:1f.6")->override, "");
	}
	fake_bytes(&fake, "sys/devices/" GPU "/driver_override", 4094, 'v');
	wanted("01:00.0\n", NULL);
	assert_string_equal(at("01:00.0")->override, "");
	fake_remove(&fake, "sys/devices/" GPU "/driver_override");
	wanted("01:00.0\n", NULL);
	assert_string_equal(at("01:00.0")->override, "");
}

static void test_wanted(void **state)
{
	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 driver-built-in=nouveau");
	fake_function(&fake,
		PORT "/0000:01:00.1 10de:1aef 040300 group=1 driver=snd_hda_intel");
	fake_function(&fake, NIC " 8086:15b8 020000 group=2 driver=e1000e");
	fake_interface(&fake, NIC "/net/eth0", "0x1003");
	scan(3);
	wanted("01:00.*\n00:1f.6 unbind=always\n", NULL);
	/* A display is not asked what uses it, nor is one that is taken at any price. */
	assert_true(at("01:00.0")->driver_built_in);
	assert_int_equal(at("01:00.0")->use, USE_NOT_ASKED);
	assert_false(at("01:00.1")->driver_built_in);
	assert_int_equal(at("01:00.1")->use, USE_IDLE);
	assert_int_equal(at("00:1f.6")->use, USE_NOT_ASKED);
	wanted("00:1f.6\n", NULL);
	assert_int_equal(at("00:1f.6")->use, USE_BUSY);
	wanted("00:1f.6 driver=e1000e\n", NULL);
	assert_int_equal(at("00:1f.6")->unknown, 0);
}

static void test_wanted_observer(void **state)
{
	struct observed observed = {.refuse = "0000:01:00.0"};
	const struct scan_observer observer = {&observed, observe};

	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 override=vfio-pci");
	fake_function(&fake, NIC " 8086:15b8 020000 group=2 override=vfio-pci");
	scan(2);
	wanted("01:00.0\n", &observer);
	assert_string_equal(observed.text, "lock 0000:01:00.0;");
	assert_int_equal(at("01:00.0")->unknown, -ETIMEDOUT);
	assert_string_equal(at("01:00.0")->override, "");
}

/* Whoever asks about the next boot does not wait for a device that is stuck now. */
static void test_without_override(void **state)
{
	struct config config;
	struct wanted item = {.rule = rule_build(&config, "01:00.0\n")};
	struct selection selection = {.items = &item, .count = 1};

	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 driver-built-in=nouveau "
				 "override=nouveau");
	scan(1);
	item.function = at("01:00.0");
	scan_wanted(fake.root, NULL, &selection, false);
	assert_string_equal(item.function->override, "");
	assert_true(item.function->driver_built_in);
	scan_wanted(fake.root, NULL, &selection, true);
	assert_string_equal(item.function->override, "nouveau");
	config_clear(&config);
}

/* The driver has no link to its module yet: it is in the probe of its first device. */
static void test_wanted_while_loading(void **state)
{
	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 driver-built-in=gpu-driver");
	fake_remove(&fake, "sys/bus/pci/drivers/gpu-driver/module");
	scan(1);
	fake_file(&fake, "sys/module/gpu_driver_core/initstate", "coming\n");
	wanted("01:00.0\n", NULL);
	assert_true(at("01:00.0")->driver_built_in);
	fake_file(&fake, "sys/module/gpu_driver/initstate", "coming\n");
	wanted("01:00.0\n", NULL);
	assert_false(at("01:00.0")->driver_built_in);
}

/* The device goes between the two reads. */
static void test_wanted_vanishes(void **state)
{
	struct config config;
	struct wanted item = {.rule = rule_build(&config, "01:00.0\n")};
	struct selection selection = {.items = &item, .count = 1};

	(void)state;
	fake_function(&fake, GPU " 10de:2206 030000 group=1 driver=nouveau");
	scan(1);
	item.function = at("01:00.0");
	fake_remove(&fake, "sys/devices/" PORT);
	scan_wanted(fake.root, NULL, &selection, true);
	assert_string_equal(item.function->override, "");
	config_clear(&config);
}

/* Longer than any driver's name: whatever it is, the device is not free. */
static void test_long_driver(void **state)
{
	char row[256];

	(void)state;
	snprintf(row, sizeof(row), GPU " 10de:2206 030000 group=1 driver=%0100d", 1);
	fake_function(&fake, row);
	scan(1);
	assert_string_not_equal(at("01:00.0")->driver, "");
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_empty),
		test(test_no_sysfs),
		test(test_everything),
		test(test_no_groups),
		test(test_paths),
		test(test_paths_stay),
		test(test_vanishing),
		test(test_other_names),
		test(test_modalias),
		test(test_observer),
		test(test_override),
		test(test_wanted),
		test(test_wanted_observer),
		test(test_without_override),
		test(test_wanted_while_loading),
		test(test_wanted_vanishes),
		test(test_long_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
