/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot_loader.h"
#include "check_parts.h"

#include <string.h>

#define TOPIC "plan"

bool check_has_rules(const struct check *check)
{
	const struct config *config = &check->survey->config;

	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].action == RULE_TAKE)
			return true;
	return config->incomplete;
}

static bool is_planned(const struct plan *plan, const struct pci_address *address)
{
	for (size_t i = 0; i < plan->device_count; i++)
		if (pci_address_compare(&plan->devices[i].function->address, address) ==
			0)
			return true;
	return false;
}

/* What is meant to happen can be told, but there is nothing to be mended. */
static bool is_intended(const struct survey *survey, const struct finding *finding)
{
	const struct pci_function *function;

	if (!finding->has_function || !is_planned(&survey->plan, &finding->address))
		return false;
	function = machine_find(&survey->machine, &finding->address);
	return function && function->boot_display;
}

static enum advice_level level_of(
	const struct survey *survey, const struct finding *finding)
{
	switch (finding->verdict) {
	case VERDICT_BOUND:
	case VERDICT_ALREADY:
	case VERDICT_WOULD_BIND:
	case VERDICT_RELEASED:
	case VERDICT_WOULD_RELEASE:
	case VERDICT_KEPT:
		return ADVICE_OK;
	case VERDICT_REFUSED:
	case VERDICT_FAILED:
	case VERDICT_PROBLEM:
		return ADVICE_ERROR;
	case VERDICT_UNMATCHED:
		return ADVICE_WARNING;
	case VERDICT_NOTE:
	case VERDICT_COUNT:
		break;
	}
	if (finding->severity > SEVERITY_NOTICE)
		return ADVICE_NOTE;
	if (finding->severity == SEVERITY_NOTICE && is_intended(survey, finding))
		return ADVICE_NOTE;
	return ADVICE_WARNING;
}

static void add_finding(struct check *check, const struct finding *finding)
{
	char subject[PCI_ADDRESS_TEXT_MAX] = "";

	if (finding->has_function)
		pci_address_format(&finding->address, subject);
	advice_add(&check->advices, level_of(check->survey, finding), TOPIC,
		finding->has_function ? subject : finding->origin);
	if (finding->has_function && finding->origin[0])
		advice_what(&check->advices, "%s (%s)", finding->text, finding->origin);
	else
		advice_what(&check->advices, "%s", finding->text);
}

static void add_mode(struct check *check, const char *word, const char *what)
{
	char fix[CHECK_TEXT_MAX / 4];

	boot_loader_fix(boot_loader_find(check->root), false, word, fix, sizeof(fix));
	advice_add(&check->advices, ADVICE_ERROR, TOPIC, "");
	advice_what(&check->advices, "%s is on the kernel command line", word);
	advice_why(&check->advices, "a boot with it %s", what);
	advice_fix(&check->advices, "%s", fix);
}

static void check_mode(struct check *check)
{
	const struct config *config = &check->survey->config;

	if (config->mode == RUN_OFF)
		add_mode(check, "vfio_early=off", "touches nothing");
	else if (config->mode == RUN_DRY)
		add_mode(
			check, "vfio_early=dry-run", "logs the plan and touches nothing");
	if (config->incomplete) {
		advice_add(&check->advices, ADVICE_ERROR, TOPIC, "");
		advice_what(&check->advices,
			"the configuration could not be read whole, so nothing is taken");
		advice_why(&check->advices, "what is missing might protect a device");
		advice_fix(&check->advices, "correct what is named above");
	} else if (!check_has_rules(check)) {
		advice_add(&check->advices, ADVICE_NOTE, TOPIC, "");
		advice_what(&check->advices,
			"no rule takes a device, so the boot takes none");
		advice_fix(&check->advices,
			"write rules into /etc/vfio-early.conf, see vfio-early.conf(5); "
			"vfio-early list shows the devices");
	}
}

void check_plan(struct check *check)
{
	const struct findings *findings = &check->survey->findings;

	for (size_t i = 0; i < findings->count; i++)
		add_finding(check, &findings->items[i]);
	check_mode(check);
}
