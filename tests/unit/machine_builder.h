/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fake machines and whole scenes (machine x config) for tests, from rows of text:
 *
 *   ADDRESS ID CLASS GROUP DRIVER [WORD...]
 *
 * as "01:00.0 10de:2206 030000 13 nouveau busy". GROUP and DRIVER may be '-'. Words:
 * bridge, unresponsive, unreadable, built-in, idle, busy, unknown, override=NAME,
 * driver-missing, driver-meant=NAME, vf-of=ADDRESS, serial=NUMBER, path=PATH,
 * boot-display, and framebuffer=DEVICE/CLAIM for a boot display that has one (both may be
 * empty). Without path= the path is that of a function directly on its bus.
 *
 * A row or a config that is wrong ends the test program.
 */
#pragma once

#include "core/finding.h"
#include "core/plan.h"
#include "core/selection.h"

#define ROWS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

#define SCENE_FILE "/etc/vfio-early.conf"

struct scene {
	struct machine machine;
	struct config config;
	struct selection selection;
	struct plan plan;
	struct findings findings;
};

/* Sorted, with has_iommu set where a function has a group. What the host needs is known:
 * its root is on none of these functions. */
void machine_build(struct machine *machine, const char *const rows[]);

/* The address; the test ends where TEXT is none. */
struct pci_address address_of(const char *text);

/* Exactly one good config line as a rule; the config is the caller's to clear. */
const struct rule *rule_build(struct config *config, const char *line);

/*
 * Config and machine through selection_make(), and through plan_make() as well. Every
 * rule gets allow=last-display: the only displays of most scenes are the ones they take.
 */
void scene_select(struct scene *scene, const char *config, const char *const rows[]);
void scene_plan(struct scene *scene, const char *config, const char *const rows[]);
void scene_clear(struct scene *scene);

/* The wanted entry of this address, NULL if it is not wanted. */
const struct wanted *scene_wanted(const struct scene *scene, const char *address);

/* All wanted addresses, as "01:00.0 01:00.1", domain 0000 left out. */
const char *scene_wanted_text(const struct scene *scene);

/* Findings with this verdict; ADDRESS NULL: whatever function, "": without one. */
size_t findings_count(
	const struct findings *findings, enum verdict verdict, const char *address);

/* The first of them; the test ends where there is none. */
const struct finding *findings_first(
	const struct findings *findings, enum verdict verdict, const char *address);

/* Fails the test where TEXT does not hold PART, and prints both. */
#define assert_contains(text, part) check_contains(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part)    check_contains(text, part, false, __FILE__, __LINE__)
void check_contains(
	const char *text, const char *part, bool expected, const char *file, int line);
