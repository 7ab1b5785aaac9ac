/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "late.h"

#include "core/guards.h"
#include "seen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN  "/run/vfio-early"
#define LOCK RUN "/late.lock"

#define LOCK_TRIES   300
#define LOCK_WAIT_NS 10000000L

struct narrowing {
	const struct pci_address *address;
	const struct machine *machine;
};

static bool is_ours(const struct pci_address *address,
	const struct pci_function *function, bool with_others)
{
	if (pci_address_compare(address, &function->address) == 0)
		return true;
	return with_others && !function->driver[0] && !seen_has(&function->address);
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

size_t late_narrow(const struct pci_address *address, const struct machine *machine,
	struct selection *selection, struct findings *findings)
{
	struct narrowing narrowing = {.address = address, .machine = machine};
	bool with_others = seen_any();
	size_t left = 0;

	for (size_t i = 0; i < selection->count; i++) {
		struct wanted *wanted = &selection->items[i];

		wanted->function->late = is_ours(address, wanted->function, with_others);
		wanted->function->waited = seen_waiting(&wanted->function->address);
		wanted->decided = !wanted->function->late;
		left += wanted->function->late;
	}
	narrow_held(address, selection);
	findings_filter(findings, is_about_ours, &narrowing);
	return left;
}

static bool is_news(const void *context, const struct finding *finding)
{
	(void)context;
	return !guard_waits(finding->guard) || !finding->has_function ||
	       !seen_waiting(&finding->address);
}

void late_drop_repeats(struct findings *findings)
{
	findings_filter(findings, is_news, NULL);
}

void late_lock(bool patient)
{
	const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
	unsigned tries = patient ? LOCK_TRIES : 1;
	int fd;

	if (mkdir(RUN, 0755) < 0 && errno != EEXIST)
		return;
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	for (unsigned i = 0; i < tries && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		nanosleep(&wait, NULL);
}

void late_done(const struct pci_address *address, const struct selection *selection)
{
	bool wanted = false;

	for (size_t i = 0; i < selection->count; i++) {
		const struct pci_function *function = selection->items[i].function;

		if (selection->items[i].decided)
			continue;
		(void)seen_note(function);
		wanted |= pci_address_compare(address, &function->address) == 0;
	}
	if (!wanted)
		(void)seen_add(address);
}
