/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts_file.h"

#include "cleanup.h"
#include "sysfs_read.h"

#include <errno.h>
#include <stddef.h>

#define REBUILD "without it the host's disks are not known; rebuild the image"

static void add(struct findings *findings, const char *problem)
{
	finding_add(findings, SEVERITY_ERROR, VERDICT_PROBLEM, GUARD_NONE, NULL, NULL,
		"/" FACTS_FILE " %s, so it is not used; " REBUILD, problem);
}

static const char *words_of(int error)
{
	switch (error) {
	case -EFBIG:
		return "is too large";
	case -EKEYREJECTED:
		return "can be changed by others than root";
	default:
		return "cannot be read";
	}
}

static void add_bad(struct findings *findings, int error, unsigned line)
{
	if (error == -EPROTONOSUPPORT)
		add(findings, "is of another version of the program");
	else if (error == -EFBIG)
		add(findings, "is over a limit of its format");
	else
		finding_add(findings, SEVERITY_ERROR, VERDICT_PROBLEM, GUARD_NONE, NULL,
			NULL,
			"/" FACTS_FILE ":%u is not what --facts writes, so the file is "
			"not used; " REBUILD,
			line);
}

int facts_file_read(int root, struct facts *ret_facts, struct findings *findings)
{
	cleanup_free char *text = NULL;
	unsigned line = 0;
	size_t length;
	int r;

	r = file_read(root, FACTS_FILE, FACTS_BYTES_MAX, &text, &length);
	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOENT ? 0 : r;
	if (r < 0) {
		add(findings, words_of(r));
		return 0;
	}
	r = facts_parse(text, length, ret_facts, &line);
	if (r == 0)
		return 1;
	if (r == -ENOMEM)
		return r;
	add_bad(findings, r, line);
	return 0;
}
