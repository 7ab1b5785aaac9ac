/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "survey_words.h"

#include "complain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void warn_finding(const struct finding *finding)
{
	if (finding->origin[0])
		warn_user("%s: %s", finding->origin, finding->text);
	else
		warn_user("%s", finding->text);
}

void survey_warn(const struct survey *survey)
{
	const struct config *config = &survey->config;
	char fix[IOMMU_FIX_MAX];

	for (size_t i = 0; i < survey->findings.count; i++) {
		const struct finding *finding = &survey->findings.items[i];

		if (finding->verdict == VERDICT_PROBLEM ||
			finding->verdict == VERDICT_UNMATCHED)
			warn_finding(finding);
	}
	if (config->mode == RUN_OFF)
		warn_user("vfio_early=off is on the kernel command line: the next boot "
			  "with "
			  "it touches nothing");
	else if (config->incomplete)
		warn_user("the config could not be read whole, so the boot would take "
			  "nothing; correct what is named above");
	if (survey->machine.has_iommu)
		return;
	iommu_fix(&survey->machine.iommu_switches, fix);
	warn_user("no IOMMU is on, so there are no groups and nothing can be passed "
		  "through; %s",
		fix);
}

int survey_complain(int error)
{
	if (error == -ENOENT)
		complain("there is no /sys/bus/pci/devices; is /sys mounted, and has "
			 "this machine a PCI bus?");
	else
		complain("the machine could not be read: %s", strerror(-error));
	return EXIT_FAILURE;
}

int survey_shown(int root, bool quiet, struct survey *ret_survey)
{
	int r = survey_make(root, ret_survey);

	if (r < 0)
		return survey_complain(r);
	if (!quiet)
		survey_warn(ret_survey);
	return 0;
}
