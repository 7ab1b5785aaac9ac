/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hand_back.h"

#include "core/errno_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* As the kernel prints it (modalias_show() in drivers/pci/pci-sysfs.c). */
#define MODALIAS_MAX 64

struct back {
	const struct hand_back *how;
	const struct pci_function *function;
	struct findings *findings;
};

static void refuse(const struct back *back, const char *why)
{
	finding_add(back->findings, SEVERITY_WARNING, VERDICT_REFUSED, GUARD_NONE,
		back->function, NULL, "refused: %s", why);
}

static void fail(const struct back *back, const char *what, const char *why)
{
	finding_add(back->findings, SEVERITY_ERROR, VERDICT_FAILED, GUARD_NONE,
		back->function, NULL, "failed: %s: %s", what, why);
}

static void released(const struct back *back, const char *words)
{
	finding_add(back->findings, SEVERITY_INFO,
		back->how->effects ? VERDICT_RELEASED : VERDICT_WOULD_RELEASE, GUARD_NONE,
		back->function, NULL, "%s", words);
}

static bool is_given_away(const char *driver)
{
	return strcmp(driver, "pci-stub") == 0 || strstr(driver, "vfio") != NULL;
}

static void read_driver(const struct back *back, char out[DRIVER_NAME_MAX])
{
	const struct effects *effects = back->how->effects;

	if (effects->bound_driver(effects->context, &back->function->address, out) < 0)
		out[0] = '\0';
}

static bool is_in_use(const struct back *back)
{
	char user[HAND_BACK_USER_MAX], words[HAND_BACK_USER_MAX + 96];
	int r;

	if (!is_given_away(back->function->driver))
		return false;
	r = back->how->find_user(back->how->context, back->function, user);
	if (r == 0)
		return false;
	if (r < 0)
		snprintf(words, sizeof(words),
			"who uses it could not be found out: %s; is /proc mounted?",
			strerror(-r));
	else
		snprintf(
			words, sizeof(words), "%s; end that virtual machine first", user);
	refuse(back, words);
	return true;
}

/* What there is to do about it at all; says so where that is nothing. */
static bool has_work(const struct back *back)
{
	const struct pci_function *function = back->function;

	if (function->unknown) {
		fail(back, "it is left alone",
			function->unknown == -ETIMEDOUT
				? "the kernel call on it never returned"
				: "its attributes could not be read");
		return false;
	}
	if (function->override[0] || is_given_away(function->driver) ||
		!function->driver[0] || back->how->rescan)
		return !is_in_use(back);
	finding_add(back->findings, SEVERITY_INFO, VERDICT_ALREADY, GUARD_NONE, function,
		NULL, "it is the host's already: %s has it", function->driver);
	return false;
}

static bool unbind(const struct back *back)
{
	const struct effects *effects = back->how->effects;
	const struct pci_function *function = back->function;
	char driver[DRIVER_NAME_MAX], what[DRIVER_NAME_MAX + 40];
	int r = effects->unbind(effects->context, &function->address, function->driver);

	read_driver(back, driver);
	if ((r >= 0 || r == -ENODEV) && strcmp(driver, function->driver) != 0)
		return true;
	snprintf(what, sizeof(what), "it could not be taken from %s", function->driver);
	fail(back, what, errno_words(STEP_UNBIND, r < 0 ? r : -EBUSY));
	return false;
}

/* No match is no error: then the host has no driver for it. */
static int load_native(const struct back *back)
{
	const struct effects *effects = back->how->effects;
	const struct pci_function *function = back->function;
	const struct pci_id *id = &function->id;
	char modalias[MODALIAS_MAX];
	int r;

	snprintf(modalias, sizeof(modalias),
		"pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", id->vendor, id->device,
		id->subvendor, id->subdevice, function->class_code >> 16 & 0xff,
		function->class_code >> 8 & 0xff, function->class_code & 0xff);
	r = effects->load(effects->context, modalias);
	return r == -ENOENT ? 0 : r;
}

/* Who has it now, read back. */
static void verify(const struct back *back, int loaded)
{
	char driver[DRIVER_NAME_MAX], words[DRIVER_NAME_MAX + 200];

	read_driver(back, driver);
	if (is_given_away(driver)) {
		snprintf(words, sizeof(words),
			"%s took it again; look for ids= of that module", driver);
		fail(back, "it is not the host's", words);
		return;
	}
	if (driver[0])
		snprintf(words, sizeof(words), "given back to %s", driver);
	else if (loaded < 0)
		snprintf(words, sizeof(words),
			"given back, but no driver of the host has it: %s",
			errno_words(STEP_LOAD, loaded));
	else
		snprintf(words, sizeof(words),
			"given back; no driver of the host wants it");
	released(back, words);
}

static void perform(const struct back *back)
{
	const struct effects *effects = back->how->effects;
	const struct pci_function *function = back->function;
	int r = 0, loaded = 0;

	if (function->override[0])
		r = effects->override(effects->context, &function->address, "");
	if (r < 0) {
		fail(back, "driver_override could not be cleared",
			errno_words(STEP_OVERRIDE, r));
		return;
	}
	if (is_given_away(function->driver) && !unbind(back))
		return;
	if (is_given_away(function->driver) || !function->driver[0]) {
		loaded = load_native(back);
		/* It may be in the probe of this very device, whose driver link is made
		 * before that (really_probe() in drivers/base/dd.c). */
		if (loaded == -ETIMEDOUT) {
			fail(back, "the host's driver could not be loaded",
				errno_words(STEP_LOAD, loaded));
			return;
		}
		r = effects->probe(effects->context, &function->address);
	}
	if (r == 0 && back->how->rescan)
		r = effects->rescan(effects->context, &function->address);
	if (r < 0) {
		fail(back, "the host's drivers could not be asked for it",
			errno_words(STEP_OVERRIDE, r));
		return;
	}
	verify(back, loaded);
}

static void describe(const struct back *back)
{
	const struct pci_function *function = back->function;
	char words[DRIVER_NAME_MAX + 120];

	if (is_given_away(function->driver))
		snprintf(words, sizeof(words),
			"would be taken from %s, and its host "
			"driver asked for it",
			function->driver);
	else if (function->override[0])
		snprintf(words, sizeof(words),
			"would have its driver_override (%s) cleared",
			function->override);
	else
		snprintf(words, sizeof(words), "its host driver would be asked for it");
	released(back, words);
}

void hand_back(const struct hand_back *how, const struct selection *selection,
	struct findings *findings)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct back back = {how, selection->items[i].function, findings};

		if (!has_work(&back))
			continue;
		if (how->effects)
			perform(&back);
		else
			describe(&back);
	}
}
