/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "late.h"

#include "core/guards.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK SEEN_FOLDER "/late.lock"

#define LOCK_TRIES   300
#define LOCK_WAIT_NS 10000000L

struct narrowing {
	const struct pci_address *address;
	const struct machine *machine;
};

static bool is_ours(const struct pci_address *address, const struct seen *seen,
	const struct pci_function *function)
{
	if (pci_address_compare(address, &function->address) == 0)
		return true;
	return seen->any && !function->driver[0] &&
	       !seen_has(seen, &function->address, function->node);
}

static bool is_about_ours(const void *context, const struct finding *finding)
{
	const struct narrowing *narrowing = context;
	const struct pci_function *function;

	if (!finding->has_function)
		return false;
	function = machine_find(narrowing->machine, &finding->address);
	return function && (function->late || pci_address_compare(narrowing->address,
						      &function->address) == 0);
}

static void narrow_held(const struct pci_address *address, struct selection *selection)
{
	size_t count = 0;

	for (size_t i = 0; i < selection->held_count; i++)
		if (pci_address_compare(address, &selection->held[i]->address) == 0)
			selection->held[count++] = selection->held[i];
	selection->held_count = count;
}

size_t late_narrow(const struct pci_address *address, const struct seen *seen,
	const struct machine *machine, struct selection *selection,
	struct findings *findings)
{
	struct narrowing narrowing = {.address = address, .machine = machine};
	size_t left = 0;

	for (size_t i = 0; i < selection->count; i++) {
		struct wanted *wanted = &selection->items[i];
		struct pci_function *function = wanted->function;

		function->late = is_ours(address, seen, function);
		function->waited = seen_waits(seen, &function->address, function->node);
		wanted->decided = !function->late;
		left += function->late;
	}
	narrow_held(address, selection);
	findings_filter(findings, is_about_ours, &narrowing);
	return left;
}

struct repeats {
	const struct seen *seen;
	const struct machine *machine;
};

static bool is_news(const void *context, const struct finding *finding)
{
	const struct repeats *repeats = context;
	const struct pci_function *function;

	if (!guard_waits(finding->guard) || !finding->has_function)
		return true;
	function = machine_find(repeats->machine, &finding->address);
	return !function ||
	       !seen_waits(repeats->seen, &function->address, function->node);
}

void late_drop_repeats(
	const struct seen *seen, const struct machine *machine, struct findings *findings)
{
	const struct repeats repeats = {seen, machine};

	findings_filter(findings, is_news, &repeats);
}

void late_lock(bool patient)
{
	const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
	unsigned tries = patient ? LOCK_TRIES : 1;
	int fd;

	if (mkdir(SEEN_FOLDER, 0755) < 0 && errno != EEXIST)
		return;
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	for (unsigned i = 0; i < tries && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		nanosleep(&wait, NULL);
}

void late_done(const struct pci_address *address, const struct selection *selection)
{
	struct seen_function *functions =
		calloc(selection->count + 1, sizeof(*functions));
	uint64_t node = seen_node(address);
	bool wanted = false;
	size_t count = 0;

	for (size_t i = 0; functions && i < selection->count; i++) {
		const struct pci_function *function = selection->items[i].function;

		if (selection->items[i].decided)
			continue;
		functions[count++] = (struct seen_function){.address = function->address,
			.node = function->node,
			.waits = function->waits};
		wanted |= pci_address_compare(address, &function->address) == 0;
	}
	if (functions && !wanted && node != 0)
		functions[count++] =
			(struct seen_function){.address = *address, .node = node};
	if (functions)
		(void)seen_add(SEEN_FOLDER, functions, count);
	free(functions);
}
