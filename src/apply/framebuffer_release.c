/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framebuffer_release.h"

#include "core/errno_words.h"

#include <errno.h>

#define PICTURE    "the boot framebuffer, which lies in one of its BARs, "
#define NOT_MAPPED "no virtual machine can map that BAR"

#define note(severity, device, findings, ...)                                            \
	finding_add(findings, severity, VERDICT_NOTE, GUARD_NONE, (device)->function,    \
		(device)->rule, PICTURE __VA_ARGS__)

/* Who has it, by whatever name is known. */
static const char *owner(const struct boot_framebuffer *framebuffer)
{
	return framebuffer->device[0] ? framebuffer->device : framebuffer->claim;
}

static void note_unknown(
	const struct plan_device *device, int error, struct findings *findings)
{
	note(SEVERITY_WARNING, device, findings, "could not be looked for: %s",
		errno_words(STEP_UNBIND, error));
}

/* Believes what it sees afterwards, and not what the write returned. */
static void release(const struct plan_device *device, const struct effects *effects,
	const char *name, struct findings *findings)
{
	struct boot_framebuffer after;
	int released = effects->release(effects->context, name);
	int r = effects->framebuffer(effects->context, &after);

	if (r < 0)
		note_unknown(device, r, findings);
	else if (!after.device[0] && !after.claim[0])
		note(SEVERITY_INFO, device, findings, "is released from %s", name);
	else
		note(SEVERITY_WARNING, device, findings,
			"could not be released from %s, so " NOT_MAPPED ": %s", name,
			errno_words(STEP_UNBIND, released < 0 ? released : -EBUSY));
}

void framebuffer_release(const struct plan_device *device, const struct effects *effects,
	struct findings *findings)
{
	struct boot_framebuffer now;
	int r = effects->framebuffer(effects->context, &now);

	if (r < 0) {
		note_unknown(device, r, findings);
		return;
	}
	switch (framebuffer_fate(device->rule->framebuffer, &now)) {
	case FRAMEBUFFER_GONE:
		break;
	case FRAMEBUFFER_LEFT:
		note(SEVERITY_NOTICE, device, findings,
			"is left to %s by framebuffer=leave, so " NOT_MAPPED,
			owner(&now));
		break;
	case FRAMEBUFFER_FIXED:
		note(SEVERITY_WARNING, device, findings,
			"is claimed by %s, which only the kernel could end, "
			"so " NOT_MAPPED
			"; initcall_blacklist=sysfb_init on the kernel command line "
			"leaves the host without it from the beginning",
			now.claim);
		break;
	case FRAMEBUFFER_TO_RELEASE:
		release(device, effects, now.device, findings);
		break;
	}
}
