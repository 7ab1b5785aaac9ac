/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The config language: bytes in, ordered rules and problems out.
 *
 * A line that does not parse becomes a problem with file, line and column, and only that
 * line is dropped. Where a whole file could not be read, or is over one of the limits
 * below, the config is incomplete and must not be acted on: what is left out might hold
 * the `keep` line that protects a device.
 *
 * Functions return 0 or -ENOMEM. Nothing else is an error to the caller: what the user
 * must know is in config.problems.
 */
#pragma once

#include "guard_name.h"
#include "pci_address.h"
#include "pci_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_FILE_BYTES_MAX 65536 /* one file */
#define CONFIG_LINE_BYTES_MAX 1024  /* one line, without its end */
#define CONFIG_RULES_MAX      512   /* all files and the command line together */
#define CONFIG_PROBLEMS_MAX   32    /* kept in full; the rest is only counted */
#define CONFIG_FILES_MAX      64
#define RULE_TERMS_MAX        24
#define RULE_TERM_BYTES_MAX   256
/* MODULE_NAME_LEN (include/linux/moduleparam.h) is less than this on every platform. */
#define DRIVER_NAME_MAX  64
#define DRIVER_DEFAULT   "vfio-pci"
#define PROBLEM_TEXT_MAX 320

/* Where a rule or a problem comes from. */
struct source {
	const char *file; /* lives as long as the config; NULL: nowhere in particular */
	unsigned line;    /* from 1; 0: the whole file, or the kernel command line */
};

enum term_kind {
	TERM_ADDRESS,
	TERM_PATH,
	TERM_GROUP_NUMBER,
	TERM_GROUP_OF,
	TERM_ID,
	TERM_CLASS,
	TERM_SERIAL,
	TERM_VF_OF,
	TERM_BOOT_DISPLAY,
};

struct term {
	enum term_kind kind;
	union {
		struct pci_address_pattern address;
		struct pci_path path;
		unsigned group;
		struct pci_address group_of;
		struct pci_id_pattern id;
		struct pci_class_pattern class_pattern;
		uint64_t serial;
		struct pci_address vf_of;
		bool boot_display;
	};
};

enum rule_action {
	RULE_TAKE,
	RULE_KEEP,
};

enum widening {
	WIDEN_NONE,
	WIDEN_SLOT,
	WIDEN_GROUP,
};

enum unbind_policy {
	UNBIND_SAFE,
	UNBIND_NEVER,
	UNBIND_ALWAYS,
};

/* The boot framebuffer, where it lies in a BAR of a device that is taken. */
enum framebuffer_policy {
	FRAMEBUFFER_RELEASE,
	FRAMEBUFFER_LEAVE,
};

struct rule {
	struct source source;
	enum rule_action action;
	struct term terms[RULE_TERMS_MAX];
	unsigned term_count;
	enum widening widening;
	enum unbind_policy unbind;
	enum framebuffer_policy framebuffer;
	bool d3_off; /* keep it in D0 */
	guard_set allow;
	char driver[DRIVER_NAME_MAX];
};

struct problem {
	struct source source;
	unsigned column; /* in bytes from 1; 0: none */
	char text[PROBLEM_TEXT_MAX];
};

enum run_mode {
	RUN_NORMAL,
	RUN_DRY,
	RUN_OFF,
};

struct config {
	struct rule *rules;
	size_t rule_count;
	struct problem *problems;
	size_t problem_count; /* all of them; the first CONFIG_PROBLEMS_MAX are stored */
	char *files[CONFIG_FILES_MAX];
	size_t file_count;
	enum run_mode mode;
	bool debug;
	uint64_t hash;   /* FNV-1a of the names and bytes of all files; 0 without any */
	bool incomplete; /* a file is missing from it: take nothing */
};

/* Adds the rules of one file. NAME is what messages call it, as /etc/vfio-early.conf. */
int config_add_file(
	struct config *config, const char *name, const char *bytes, size_t length);

/*
 * Adds one rule whose terms are divided by any of the bytes in SEPARATORS.
 * COLUMN_BASE is added to every column that is reported.
 */
int config_add_rule(struct config *config, struct source source, enum rule_action action,
	const char *separators, const char *text, size_t length, unsigned column_base);

/* Keeps a file name alive with the config; *ret_name is valid until config_clear(). */
int config_keep_name(struct config *config, const char *name, const char **ret_name);

__attribute__((format(printf, 4, 5))) int config_add_problem(struct config *config,
	struct source source, unsigned column, const char *format, ...);

void config_clear(struct config *config);

/* The rule as a config line that parses to the same rule. Truncates at SIZE. */
void rule_format(const struct rule *rule, char *out, size_t size);

/* The term of this kind, NULL if the rule has none. */
const struct term *rule_term(const struct rule *rule, enum term_kind kind);
