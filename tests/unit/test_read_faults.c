/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every read of a whole run fails, alone and in pairs, and so does every allocation: the
 * run comes to its end, takes no device that it would not take otherwise, and says so
 * where it takes less.
 *
 * Link with --wrap for each function that has a __wrap_ here. The names are those of
 * -D_FILE_OFFSET_BITS=64, which meson gives.
 */
#include "boot/boot_run.h"

#include "fake_sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLANNED_MAX  32
#define HANG_SECONDS 280

/* Which calls fail: by their number, from 0 while armed. */
static struct {
	bool armed;
	bool allocations; /* else reads */
	unsigned first, second;
	int error;
	unsigned asked;
	unsigned hit;
} faults;

static bool fails(bool allocation)
{
	unsigned number;

	if (!faults.armed || faults.allocations != allocation)
		return false;
	number = faults.asked++;
	if (number != faults.first && number != faults.second)
		return false;
	faults.hit++;
	errno = allocation ? ENOMEM : faults.error;
	return true;
}

#define WRAP(type, name, failed, parameters, arguments)                                  \
	type __real_##name parameters;                                                   \
	type __wrap_##name parameters;                                                   \
	type __wrap_##name parameters                                                    \
	{                                                                                \
		return fails(false) ? (failed) : __real_##name arguments;                \
	}

WRAP(int, openat64, -1, (int dir, const char *path, int flags), (dir, path, flags))
WRAP(ssize_t, read, -1, (int fd, void *out, size_t size), (fd, out, size))
WRAP(ssize_t, readlinkat, -1, (int dir, const char *path, char *out, size_t size),
	(dir, path, out, size))
WRAP(int, faccessat, -1, (int dir, const char *path, int mode, int flags),
	(dir, path, mode, flags))
WRAP(int, fstatat64, -1, (int dir, const char *path, struct stat *status, int flags),
	(dir, path, status, flags))
WRAP(int, fstat64, -1, (int fd, struct stat *status), (fd, status))
WRAP(DIR *, fdopendir, NULL, (int fd), (fd))
WRAP(struct dirent *, readdir64, NULL, (DIR * stream), (stream))

#undef WRAP
#define WRAP(type, name, parameters, arguments)                                          \
	type __real_##name parameters;                                                   \
	type __wrap_##name parameters;                                                   \
	type __wrap_##name parameters                                                    \
	{                                                                                \
		return fails(true) ? NULL : __real_##name arguments;                     \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(char *, strdup, (const char *text), (text))

/* What protects a device stands in another file, behind it, and names it indirectly. */
static void make_large(struct fake *fake)
{
	fake_file(fake, "etc/vfio-early.conf",
		"id=1234:1111 allow=no-iommu\n"
		"id=8086:0001 allow=no-iommu unbind=always\n"
		"01:00.*\n03:00.0\n04:00.0\n05:00.0\n0a:00.0\n"
		"07:00.0 allow=no-iommu\n"
		"08:00.0 id=10de:2206\n");
	fake_file(fake, "etc/vfio-early.conf.d/keep.conf",
		"keep group=02:00.0\n"
		"keep path=00:06.0/00.0\n"
		"keep 09:00.0 id=8086:0001 with=group\n");
	fake_file(fake, "proc/cmdline", "root=/dev/nvme0n1 vfio_early.keep=06:00.1\n");
	fake_function(fake, "pci0000:00/0000:00:01.0 8086:2 060400 bridge group=1");
	fake_function(fake, "pci0000:00/0000:00:01.0/0000:01:00.0 10de:1 030000 group=1");
	fake_function(fake, "pci0000:00/0000:00:01.0/0000:01:00.1 10de:2 040300 group=1 "
			    "driver=snd_hda_intel");
	fake_card(fake, "pci0000:00/0000:00:01.0/0000:01:00.1/sound/card0");
	fake_open_file(fake, 10, 3, "/dev/snd/controlC1");
	fake_function(fake, "pci0000:00/0000:00:02.0/0000:02:00.0 1:1 038000 group=2");
	fake_function(
		fake, "pci0000:00/0000:00:02.0/0000:02:00.1 1234:1111 0380 group=2");
	fake_function(fake, "pci0000:00/0000:00:03.0/0000:03:00.0 144d:1 010802 group=3 "
			    "driver=nvme");
	fake_block(
		fake, "pci0000:00/0000:00:03.0/0000:03:00.0/nvme/nvme0/nvme0n1", "259:0");
	fake_file(fake, "proc/self/mountinfo", "20 1 259:0 / / rw - ext4 /dev/root rw\n");
	fake_function(fake, "pci0000:00/0000:00:04.0/0000:04:00.0 8086:10d3 020000 "
			    "group=4 driver=e1000e");
	fake_interface(fake, "pci0000:00/0000:00:04.0/0000:04:00.0/net/eth0", "0x1003");
	fake_function(fake, "pci0000:00/0000:00:05.0/0000:05:00.0 1b36:d 0c0330 group=5 "
			    "driver-built-in=xhci_hcd");
	fake_function(fake, "pci0000:00/0000:00:06.0/0000:06:00.0 1234:1111 038000 "
			    "group=6");
	fake_function(fake, "pci0000:00/0000:00:06.0/0000:06:00.1 1234:1111 038000 "
			    "group=6");
	fake_function(fake, "pci0000:00/0000:00:07.0/0000:07:00.0 1:7 038000 bridge");
	fake_function(fake, "pci0000:00/0000:00:08.0/0000:08:00.0 1:8 038000 group=8");
	fake_function(fake, "pci0000:00/0000:00:09.0/0000:09:00.0 8086:1 038000 group=9");
	fake_function(fake, "pci0000:00/0000:00:09.0/0000:09:00.1 8086:1 038000 group=9");
	fake_function(fake, "pci0000:00/0000:00:0a.0/0000:0a:00.0 1:a 038000 group=10 "
			    "override=pci-stub");
	fake_function(fake, "pci0000:00/0000:00:0b.0/0000:0b:00.0 1234:1111 038000 "
			    "group=11");
}

#define LARGE "01:00.0 01:00.1 05:00.0 0a:00.0 0b:00.0"

/* Few enough reads for all pairs of them. */
static void make_small(struct fake *fake)
{
	fake_file(fake, "etc/vfio-early.conf", "id=1234:1111 allow=no-iommu\n");
	fake_file(fake, "etc/vfio-early.conf.d/keep.conf", "keep group=01:00.0\n");
	fake_function(fake, "pci0000:00/0000:00:01.0/0000:01:00.0 1:1 038000 group=1");
	fake_function(
		fake, "pci0000:00/0000:00:01.0/0000:01:00.1 1234:1111 0380 group=1");
	fake_function(fake, "pci0000:00/0000:00:02.0/0000:02:00.0 1234:1111 038000 "
			    "group=2 driver=e1000e");
	fake_interface(fake, "pci0000:00/0000:00:02.0/0000:02:00.0/net/eth0", "0x1003");
	fake_function(fake, "pci0000:00/0000:00:03.0/0000:03:00.0 1234:1111 038000 "
			    "group=3");
}

#define SMALL "03:00.0"

struct addresses {
	char text[PLANNED_MAX][PCI_ADDRESS_TEXT_MAX];
	unsigned count;
};

struct outcome {
	struct addresses planned;
	struct addresses blamed; /* spoken of in a warning or worse */
	unsigned general;        /* errors and warnings about nothing in particular */
	bool incomplete;
};

static void add(struct addresses *addresses, const struct pci_address *address)
{
	assert_true(addresses->count < PLANNED_MAX);
	pci_address_format(address, addresses->text[addresses->count++]);
}

static bool has(const struct addresses *addresses, const char *address)
{
	for (unsigned i = 0; i < addresses->count; i++)
		if (strcmp(addresses->text[i], address) == 0)
			return true;
	return false;
}

static void run(const struct fake *fake, struct outcome *outcome, bool show)
{
	const struct boot_options options = {.sysroot = fake->path, .plan_only = true};
	struct report report = {0};

	*outcome = (struct outcome){0};
	faults.asked = 0;
	faults.hit = 0;
	faults.armed = true;
	boot_run(&options, NULL, NULL, NULL, &report);
	faults.armed = false;
	outcome->incomplete = report.findings.incomplete;
	for (size_t i = 0; i < report.findings.count; i++) {
		const struct finding *finding = &report.findings.items[i];

		if (show)
			print_error("  %s: %s\n", verdict_name(finding->verdict),
				finding->text);
		if (finding->verdict == VERDICT_WOULD_BIND)
			add(&outcome->planned, &finding->address);
		else if (finding->severity <= SEVERITY_WARNING && finding->has_function)
			add(&outcome->blamed, &finding->address);
		else if (finding->severity <= SEVERITY_WARNING)
			outcome->general++;
	}
	report_clear(&report);
}

/* The run without faults. */
static void expect(const struct fake *fake, const char *planned, struct outcome *usual)
{
	char text[512] = "";

	run(fake, usual, false);
	for (unsigned i = 0; i < usual->planned.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			i ? " " : "", usual->planned.text[i] + 5);
	assert_string_equal(text, planned);
}

static void fail_run(const struct fake *fake, const char *what)
{
	struct outcome outcome;

	run(fake, &outcome, true);
	fail_msg("%s %u and %u: %s: %s", faults.allocations ? "allocation" : "read",
		faults.first, faults.second, strerror(faults.error), what);
}

/* No more than usual, and what is less was said. */
static void check(const struct fake *fake, const struct outcome *usual)
{
	struct outcome outcome;

	run(fake, &outcome, false);
	for (unsigned i = 0; i < outcome.planned.count; i++)
		if (!has(&usual->planned, outcome.planned.text[i]))
			fail_run(fake, outcome.planned.text[i]);
	for (unsigned i = 0; i < usual->planned.count; i++) {
		const char *address = usual->planned.text[i];

		if (!has(&outcome.planned, address) && !has(&outcome.blamed, address) &&
			outcome.general <= usual->general && !outcome.incomplete)
			fail_run(fake, "nothing was said");
	}
}

static void arm(unsigned first, unsigned second, int error)
{
	faults.allocations = false;
	faults.first = first;
	faults.second = second;
	faults.error = error;
}

static const int errors[] = {
	EIO, EACCES, EPERM, ENOMEM, EINVAL, EAGAIN, EMFILE, ENFILE, ELOOP, EOVERFLOW};

static void test_each(void **state)
{
	struct fake fake;
	struct outcome usual;
	unsigned calls;

	(void)state;
	fake_begin(&fake);
	make_large(&fake);
	arm(UINT32_MAX, UINT32_MAX, 0);
	expect(&fake, LARGE, &usual);
	calls = faults.asked;
	assert_true(calls > 200);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (unsigned call = 0; call < calls; call++) {
			arm(call, UINT32_MAX, errors[i]);
			check(&fake, &usual);
		}
	}
	fake_end(&fake);
}

static void test_pairs(void **state)
{
	struct fake fake;
	struct outcome usual;
	unsigned calls;

	(void)state;
	fake_begin(&fake);
	make_small(&fake);
	arm(UINT32_MAX, UINT32_MAX, 0);
	expect(&fake, SMALL, &usual);
	calls = faults.asked;
	for (unsigned first = 0; first < calls; first++) {
		for (unsigned second = first + 1; second < calls; second++) {
			arm(first, second, EIO);
			check(&fake, &usual);
		}
	}
	fake_end(&fake);
}

/* Something is gone that was there a moment ago: all that is asked is an end. */
static void test_vanishing(void **state)
{
	static const int gone[] = {ENOENT, ENODEV, ENXIO};
	struct outcome outcome;
	struct fake fake;

	(void)state;
	fake_begin(&fake);
	make_large(&fake);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		unsigned call = 0;

		do {
			arm(call++, UINT32_MAX, gone[i]);
			run(&fake, &outcome, false);
		} while (faults.hit);
		assert_true(call > 200);
	}
	fake_end(&fake);
}

static void test_no_memory(void **state)
{
	struct fake fake;
	struct outcome usual;
	unsigned call = 0;

	(void)state;
	fake_begin(&fake);
	make_large(&fake);
	arm(UINT32_MAX, UINT32_MAX, 0);
	expect(&fake, LARGE, &usual);
	do {
		arm(call++, UINT32_MAX, ENOMEM);
		faults.allocations = true;
		check(&fake, &usual);
	} while (faults.hit);
	assert_true(call > 30);
	fake_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_vanishing),
		cmocka_unit_test(test_no_memory),
	};

	alarm(HANG_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
