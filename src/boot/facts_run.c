/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts_run.h"

#include "core/facts.h"
#include "core/number.h"
#include "scan/config_files.h"
#include "scan/host_needs.h"
#include "scan/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int gather(int root, struct machine *machine, struct facts *ret_facts)
{
	struct boot_source source;
	struct needs needs = {0};
	int r = host_needs_read(root, machine, NULL, &source, &needs);

	if (r == 0)
		r = facts_make(&needs, machine, ret_facts);
	needs_clear(&needs);
	return r;
}

static void make(int root, struct facts *facts)
{
	struct machine machine = {0};
	int r = root < 0 ? -1 : scan_machine(root, NULL, &machine);

	if (r < 0 || gather(root, &machine, facts) < 0) {
		*facts = (struct facts){.root = ROOT_UNKNOWN};
		snprintf(facts->root_words, sizeof(facts->root_words),
			"the PCI devices could not be listed; is /sys mounted?");
	}
	machine_clear(&machine);
}

static uint64_t time_of_making(const char *given)
{
	uint64_t seconds;
	time_t now;

	if (given && number_parse(given, strlen(given), 10, INT64_MAX, &seconds) == 0)
		return seconds;
	now = time(NULL);
	return now > 0 ? (uint64_t)now : 0;
}

void facts_run(const char *sysroot, const char *source_date_epoch)
{
	int root = open(sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct config config = {0};
	struct facts facts = {0};
	char *text;

	make(root, &facts);
	snprintf(facts.version, sizeof(facts.version), "%s", VFIO_EARLY_VERSION);
	facts.made = time_of_making(source_date_epoch);
	if (root >= 0 && config_files_read(&config, root) == 0)
		facts.config_hash = config.hash;
	text = facts_print(&facts);
	if (text)
		fputs(text, stdout);
	(void)fflush(stdout);
	free(text);
	facts_clear(&facts);
	config_clear(&config);
	if (root >= 0)
		close(root);
}
